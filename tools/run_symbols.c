/* SPDX-License-Identifier: MIT */
/*
 * From an address in the guest to what a person knows it by: the function, by
 * the image's own symbol table, and the line, by binutils' addr2line.
 */
#include "run.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Can code have this symbol's name? */
static bool symbol_is_code(const Elf64_Sym *symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_NOTYPE);
}

/* Does the symbol reach as far as address? Assembly need not give sizes: then
 * to the end of its section. */
static bool symbol_reaches(const struct run_image *image,
			   const Elf64_Sym *symbol, uint64_t address)
{
	struct run_section section;

	if (symbol->st_size)
		return address - symbol->st_value < symbol->st_size;
	return run_image_section_at(image, symbol->st_shndx, &section) &&
	       address - section.address < section.size;
}

bool run_symbol_find(const struct run_image *image, uint64_t address,
		     const char **name, uint64_t *offset)
{
	struct run_section symbols, strings;
	Elf64_Sym symbol, best = {0};

	if (!run_image_section(image, ".symtab", &symbols) ||
	    !run_image_section_at(image, symbols.link, &strings) ||
	    !strings.size || strings.data[strings.size - 1])
		return false;
	/* The nearest one at or before the address; a function wins over a
	 * label at the same place. */
	for (uint64_t at = 0; at + sizeof(symbol) <= symbols.size;
	     at += sizeof(symbol)) {
		memcpy(&symbol, symbols.data + at, sizeof(symbol));
		if (!symbol_is_code(&symbol) ||
		    symbol.st_name >= strings.size ||
		    !strings.data[symbol.st_name] ||
		    symbol.st_value > address ||
		    symbol.st_value < best.st_value ||
		    (symbol.st_value == best.st_value &&
		     ELF64_ST_TYPE(best.st_info) == STT_FUNC))
			continue;
		best = symbol;
	}
	if (!best.st_value || !symbol_reaches(image, &best, address))
		return false;
	*name = (const char *)strings.data + best.st_name;
	*offset = address - best.st_value;
	return true;
}

/* In the child: addr2line, with its output into fd. */
static _Noreturn void addr2line_exec(const char *path, uint64_t address, int fd)
{
	char text[24];
	int null = open("/dev/null", O_RDWR);

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	dup2(null, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp("addr2line", "addr2line", "-e", path, text, (char *)NULL);
	_exit(RUN_MISSING);
}

bool run_symbol_line(const struct run_image *image, uint64_t address,
		     char *line, size_t size)
{
	struct run_section section;
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	if (!run_image_section(image, ".debug_line", &section) ||
	    pipe2(fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid)
		addr2line_exec(image->path, address, fds[1]);
	close(fds[1]);
	while (pid > 0 && (n = read(fds[0], line + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return false;
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line[0] && line[0] != '?';
}
