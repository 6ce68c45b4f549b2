/* SPDX-License-Identifier: MIT */
/*
 * Guest images as files: x86-64 ELF executables with a PVH note (System V ABI;
 * Xen's docs/misc/pvh). Nothing read from the file is trusted: every offset is
 * checked against the file's size, so what the rest of the runner is given is
 * inside the mapping.
 */
#include "run.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_PHYS32_ENTRY 18 /* XEN_ELFNOTE_PHYS32_ENTRY */

/* The bytes [offset, offset + size) of the file; NULL when it has not all. */
static const void *image_at(const struct run_image *image, uint64_t offset,
			    uint64_t size)
{
	if (offset > image->size || size > image->size - offset)
		return NULL;
	return image->data + offset;
}

static const Elf64_Ehdr *image_header(const struct run_image *image)
{
	return (const void *)image->data;
}

/* The program header or section header with this index. The copy is because
 * a damaged file may say that they are anywhere. */
static bool image_segment(const struct run_image *image, unsigned index,
			  Elf64_Phdr *segment)
{
	const void *at = image_at(image, image_header(image)->e_phoff,
				  (index + 1) * sizeof(*segment));

	if (at)
		memcpy(segment, (const char *)at + index * sizeof(*segment),
		       sizeof(*segment));
	return at;
}

static bool image_section_header(const struct run_image *image, unsigned index,
				 Elf64_Shdr *section)
{
	const void *at = image_at(image, image_header(image)->e_shoff,
				  (index + 1) * sizeof(*section));

	if (at)
		memcpy(section, (const char *)at + index * sizeof(*section),
		       sizeof(*section));
	return at;
}

static void image_map(struct run_image *image)
{
	struct stat st;
	int fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *data;

	if (fd < 0 || fstat(fd, &st))
		run_fail(errno == ENOENT || errno == ENOTDIR ? RUN_MISSING
							     : RUN_FAILED,
			 "%s: %s", image->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		run_fail(RUN_FAILED, "%s: not a regular file", image->path);
	if (!st.st_size)
		run_fail(RUN_FAILED, "%s: an empty file", image->path);
	image->size = (size_t)st.st_size;
	data = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		run_fail(RUN_FAILED, "%s: %s", image->path, strerror(errno));
	image->data = data;
	close(fd);
}

static _Noreturn void image_truncated(const struct run_image *image)
{
	run_fail(RUN_FAILED, "%s: the file is truncated", image->path);
}

/* An ELF file for this machine, and whole. */
static void image_check_elf(const struct run_image *image)
{
	const Elf64_Ehdr *header = image_header(image);

	if (image->size < SELFMAG || memcmp(header, ELFMAG, SELFMAG) != 0)
		run_fail(RUN_FAILED, "%s: not an ELF file", image->path);
	if (image->size < sizeof(*header))
		image_truncated(image);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		run_fail(RUN_FAILED, "%s: not for x86-64", image->path);
	if (header->e_type == ET_REL)
		run_fail(RUN_FAILED,
			 "%s: an object file: link it with `whelk cc`",
			 image->path);
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		run_fail(RUN_FAILED, "%s: not an executable", image->path);
	if ((header->e_phnum && header->e_phentsize != sizeof(Elf64_Phdr)) ||
	    (header->e_shnum && header->e_shentsize != sizeof(Elf64_Shdr)))
		run_fail(RUN_FAILED, "%s: a damaged ELF header", image->path);
	if (!image_at(image, header->e_phoff,
		      header->e_phnum * sizeof(Elf64_Phdr)) ||
	    !image_at(image, header->e_shoff,
		      header->e_shnum * sizeof(Elf64_Shdr)))
		image_truncated(image);
}

/* Does a note segment hold the PVH note? */
static bool notes_have_pvh(const char *notes, uint64_t size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		uint64_t name_size, note_size;

		memcpy(&note, notes, sizeof(note));
		name_size = ((uint64_t)note.n_namesz + 3) & ~(uint64_t)3;
		note_size = sizeof(note) + name_size +
			    (((uint64_t)note.n_descsz + 3) & ~(uint64_t)3);
		if (note_size > size)
			return false;
		if (note.n_type == NOTE_PHYS32_ENTRY && note.n_descsz >= 4 &&
		    note.n_namesz == 4 &&
		    !memcmp(notes + sizeof(note), "Xen", 4))
			return true;
		notes += note_size;
		size -= note_size;
	}
	return false;
}

/* Why there is no PVH note, as far as the file shows it. */
static _Noreturn void image_not_guest(const struct run_image *image)
{
	const char *start;
	uint64_t offset;

	if (run_symbol_find(image, image_header(image)->e_entry, &start,
			    &offset) &&
	    !strcmp(start, "hosted_start"))
		run_fail(RUN_FAILED,
			 "%s: a hosted program, which runs by itself; for the "
			 "guest, build it with `whelk cc` without --hosted",
			 image->path);
	run_fail(RUN_FAILED,
		 "%s: an ordinary program, without a PVH note to boot by: "
		 "build it with `whelk cc`",
		 image->path);
}

void run_image_open(struct run_image *image, const char *path)
{
	const Elf64_Ehdr *header;
	bool pvh = false;

	*image = (struct run_image){.path = path};
	image_map(image);
	image_check_elf(image);
	header = image_header(image);
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		const char *data;

		image_segment(image, i, &segment);
		data = image_at(image, segment.p_offset, segment.p_filesz);
		if (!data && segment.p_type != PT_NULL)
			image_truncated(image);
		if (segment.p_type == PT_NOTE)
			pvh |= notes_have_pvh(data, segment.p_filesz);
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_memsz > (uint64_t)1 << 40 ||
		    segment.p_paddr > (uint64_t)1 << 40)
			run_fail(RUN_FAILED, "%s: a damaged program header",
				 path);
		if (segment.p_paddr + segment.p_memsz > image->end)
			image->end = segment.p_paddr + segment.p_memsz;
	}
	if (!pvh)
		image_not_guest(image);
}

bool run_image_section(const struct run_image *image, const char *name,
		       struct run_section *section)
{
	const Elf64_Ehdr *header = image_header(image);
	size_t name_size = strlen(name) + 1;
	Elf64_Shdr names, found;

	if (header->e_shstrndx >= header->e_shnum ||
	    !image_section_header(image, header->e_shstrndx, &names))
		return false;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		const char *at;

		image_section_header(image, i, &found);
		at = image_at(image, names.sh_offset + found.sh_name,
			      name_size);
		if (!at || memcmp(at, name, name_size) != 0)
			continue;
		return run_image_section_at(image, i, section);
	}
	return false;
}

bool run_image_section_at(const struct run_image *image, unsigned index,
			  struct run_section *section)
{
	Elf64_Shdr found;
	const void *data;

	if (index >= image_header(image)->e_shnum ||
	    !image_section_header(image, index, &found) ||
	    found.sh_type == SHT_NOBITS)
		return false;
	data = image_at(image, found.sh_offset, found.sh_size);
	if (!data)
		return false;
	*section = (struct run_section){data, found.sh_size, found.sh_addr,
					found.sh_link};
	return true;
}
