/* SPDX-License-Identifier: MIT */
/*
 * The texts of /proc, proc(5), in Linux's formats: each says what is known
 * here, and leaves out what is not.
 */
#include "syscalls/proc.h"

#include "abi/mman.h"
#include "abi/time.h"
#include "abi/utsname.h"
#include "port/cpu.h"
#include "port/map.h"
#include "syscalls/internal.h"

#define MAPS_NAME 73 /* where names begin in a line of maps */

/* A line of meminfo, in KiB. */
static void meminfo_line(struct text **text, const char *name, uint64_t bytes)
{
	text_string(text, name);
	text_string(text, ":");
	for (size_t at = strlen(name) + 1; at < 16; at++)
		text_string(text, " ");
	text_number(text, bytes >> 10, 10, 8, ' ');
	text_string(text, " kB\n");
}

static void meminfo_write(struct text **text)
{
	size_t total, avail;
	struct fs_stat stat;
	uint64_t files;

	port_pages_count(&total, &avail);
	fs_stat(process.fs, &stat);
	files = stat.bytes_used;
	meminfo_line(text, "MemTotal", (uint64_t)total << PAGE_SHIFT);
	meminfo_line(text, "MemFree", (uint64_t)avail << PAGE_SHIFT);
	meminfo_line(text, "MemAvailable", (uint64_t)avail << PAGE_SHIFT);
	meminfo_line(text, "Buffers", 0);
	meminfo_line(text, "Cached", files);
	meminfo_line(text, "SwapCached", 0);
	meminfo_line(text, "SwapTotal", 0);
	meminfo_line(text, "SwapFree", 0);
	meminfo_line(text, "Shmem", files);
}

static void cpu_write(struct text **text, unsigned number,
		      const struct port_cpu *cpu)
{
	const char *flag;

	text_string(text, "processor\t: ");
	text_decimal(text, number);
	text_string(text, "\nvendor_id\t: ");
	text_string(text, cpu->vendor);
	text_string(text, "\ncpu family\t: ");
	text_decimal(text, cpu->family);
	text_string(text, "\nmodel\t\t: ");
	text_decimal(text, cpu->model);
	text_string(text, "\nmodel name\t: ");
	text_string(text, cpu->name);
	text_string(text, "\nstepping\t: ");
	text_decimal(text, cpu->stepping);
	text_string(text, "\nflags\t\t:");
	for (unsigned i = 0; (flag = port_cpu_flag(cpu, i)) != NULL; i++) {
		if (*flag) {
			text_string(text, " ");
			text_string(text, flag);
		}
	}
	text_string(text, "\n\n");
}

static void cpuinfo_write(struct text **text)
{
	uint64_t mask[16] = {0};
	struct port_cpu cpu;
	long size = sys_sched_getaffinity(0, sizeof(mask), mask);

	port_cpu_get(&cpu);
	for (unsigned i = 0; size > 0 && i < (unsigned long)size * 8; i++) {
		if (mask[i / 64] >> i % 64 & 1)
			cpu_write(text, i, &cpu);
	}
}

static void uptime_write(struct text **text)
{
	struct timespec now = {0, 0};

	(void)sys_clock_gettime(CLOCK_BOOTTIME, &now);
	text_decimal(text, (uint64_t)now.tv_sec);
	text_string(text, ".");
	text_number(text, (uint64_t)now.tv_nsec / 10000000, 10, 2, '0');
	text_string(text, " 0.00\n");
}

static void version_write(struct text **text)
{
	struct utsname name;

	if (sys_uname(&name))
		return;
	text_string(text, name.sysname);
	text_string(text, " version ");
	text_string(text, name.release);
	text_string(text, " ");
	text_string(text, name.version);
	text_string(text, "\n");
}

/* There is one file system, whose options are its limits. */
static void mounts_write(struct text **text)
{
	struct fs_stat stat;

	fs_stat(process.fs, &stat);
	text_string(text, "whelk / tmpfs rw,relatime,size=");
	text_decimal(text, stat.bytes_max >> 10);
	text_string(text, "k,nr_inodes=");
	text_decimal(text, stat.nodes_max);
	text_string(text, " 0 0\n");
}

static void file_ref(void *file)
{
	fs_node_ref(file);
}

/* Ids and name of what is mapped. */
static void area_file_write(struct text **text, struct fs_node *node,
			    size_t line)
{
	struct fs_attr attr = {.ino = 0};

	(void)!fs_getattr(node, &attr);
	text_number(text, attr.ino, 10, 0, ' ');
	text_string(text, " ");
	while ((*text)->len - line < MAPS_NAME && !(*text)->cut)
		text_string(text, " ");
	(void)proc_node_write(text, node, NULL);
}

static void area_write(struct text **text, const struct port_map_area *area)
{
	size_t line = (*text)->len;

	text_number(text, area->start, 16, 8, '0');
	text_string(text, "-");
	text_number(text, area->end, 16, 8, '0');
	text_string(text, area->prot & PROT_READ ? " r" : " -");
	text_string(text, area->prot & PROT_WRITE ? "w" : "-");
	text_string(text, area->prot & PROT_EXEC ? "x" : "-");
	text_string(text, area->shared ? "s " : "p ");
	text_number(text, area->file ? area->offset : 0, 16, 8, '0');
	text_string(text, area->file ? " 00:" : " 00:00 0 ");
	if (area->file) {
		text_number(text, FS_DEV_MINOR, 16, 2, '0');
		text_string(text, " ");
		area_file_write(text, (struct fs_node *)(uintptr_t)area->file,
				line);
	} else if (area->name) {
		while ((*text)->len - line < MAPS_NAME && !(*text)->cut)
			text_string(text, " ");
		text_string(text, area->name);
	}
	text_string(text, "\n");
}

/* DEVIATION: /proc/self/maps of the hosted home shows the mappings of files
 * alone; what else there is, is Linux's. */
static void maps_write(struct text **text)
{
	struct port_map_area area = {0};

	while (port_map_next(area.end, file_ref, &area)) {
		area_write(text, &area);
		if (area.file)
			node_put((struct fs_node *)(uintptr_t)area.file);
	}
}

static void cmdline_write(struct text **text)
{
	text_add(text, proc_start.args.start, proc_start.args.len);
}

static void environ_write(struct text **text)
{
	text_add(text, proc_start.env.start, proc_start.env.len);
}

/* The last component of the first argument, at most 15 bytes. */
static void name_write(struct text **text)
{
	const char *name = proc_start.args.len ? proc_start.args.start : "";
	size_t len = 0;

	for (const char *p = name; *p; p++) {
		if (*p == '/')
			name = p + 1;
	}
	while (name[len] && len < 15)
		len++;
	text_add(text, name, len);
	text_string(text, "\n");
}

static void status_line(struct text **text, const char *name, uint64_t value)
{
	text_string(text, name);
	text_string(text, ":\t");
	text_decimal(text, value);
	text_string(text, "\n");
}

/* Real, effective, saved and file system id. */
static void ids_line(struct text **text, const char *name,
		     const uint32_t ids[4])
{
	text_string(text, name);
	text_string(text, ":");
	for (int i = 0; i < 4; i++) {
		text_string(text, "\t");
		text_decimal(text, ids[i]);
	}
	text_string(text, "\n");
}

static void status_ids(struct text **text)
{
	const struct fs_cred *cred = cred_now();
	uint32_t ids[4];

	(void)sys_getresuid(&ids[0], &ids[1], &ids[2]);
	ids[3] = cred->uid;
	ids_line(text, "Uid", ids);
	(void)sys_getresgid(&ids[0], &ids[1], &ids[2]);
	ids[3] = cred->gid;
	ids_line(text, "Gid", ids);
	text_string(text, "Groups:\t");
	for (size_t i = 0; i < cred->groups_len; i++) {
		text_decimal(text, cred->groups[i]);
		text_string(text, " ");
	}
	text_string(text, "\n");
}

static void status_write(struct text **text)
{
	size_t total, avail;

	port_pages_count(&total, &avail);
	text_string(text, "Name:\t");
	name_write(text);
	text_string(text, "Umask:\t");
	text_number(text, __atomic_load_n(&process.umask, __ATOMIC_RELAXED), 8,
		    4, '0');
	text_string(text, "\nState:\tR (running)\n");
	status_line(text, "Tgid", (uint64_t)sys_getpid());
	status_line(text, "Pid", (uint64_t)sys_getpid());
	status_line(text, "PPid", (uint64_t)sys_getppid());
	status_line(text, "TracerPid", 0);
	status_ids(text);
	text_string(text, "VmRSS:\t");
	text_number(text, (uint64_t)(total - avail) << (PAGE_SHIFT - 10), 10, 8,
		    ' ');
	text_string(text, " kB\n");
}

const struct proc_file proc_files[] = {
	{"cpuinfo", 0444, false, cpuinfo_write},
	{"meminfo", 0444, false, meminfo_write},
	{"uptime", 0444, false, uptime_write},
	{"version", 0444, false, version_write},
	{"cmdline", 0444, true, cmdline_write},
	{"comm", 0444, true, name_write},
	{"environ", 0400, true, environ_write},
	{"maps", 0444, true, maps_write},
	{"mounts", 0444, true, mounts_write},
	{"status", 0444, true, status_write},
};

const size_t proc_files_count = sizeof(proc_files) / sizeof(*proc_files);
