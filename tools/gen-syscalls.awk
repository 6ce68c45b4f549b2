#!/usr/bin/awk -f
# SPDX-License-Identifier: MIT
#
# Makes everything that follows from syscalls/syscalls.tbl, whose header says
# what its columns mean:
#
#   awk -v out=DIR -v doc=FILE -f tools/gen-syscalls.awk syscalls/syscalls.tbl
#
# DIR/sys.h             the typed prototypes of all sys_NAME
# DIR/syscall_direct.h  for libc: a constant number becomes a call of sys_NAME.
#                       Stands alone, since libc's own types are not ours
# DIR/direct_check.c    compiled only: the two headers declare the same
# DIR/dispatch.c        syscall_dispatch: the switch over all numbers
# DIR/trace_table.c     names and kinds of arguments, for syscalls/trace.c
# DIR/forward.c         hosted: calls that Linux serves
# DIR/nosys.c           guest: calls that it does not have
# DIR/unit_nosys.c      unit tests: calls that syscalls/ leaves to others
# FILE                  the list for people, in Markdown
#
# A mistake in the table stops the build with its line number.

function fail(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
	failed = 1
	exit 1
}

function trim(s)
{
	gsub(/^[ \t]+|[ \t]+$/, "", s)
	return s
}

# The type of a declaration such as "const char *path".
function type_of(decl)
{
	sub(/[A-Za-z_][A-Za-z_0-9]*$/, "", decl)
	return trim(decl)
}

function name_of(decl)
{
	match(decl, /[A-Za-z_][A-Za-z_0-9]*$/)
	return substr(decl, RSTART)
}

# The same type in words that need no header.
function plain_type(type)
{
	sub(/(^| )off_t$/, "long", type)
	sub(/(^| )size_t$/, "unsigned long", type)
	sub(/(^| )pid_t$/, "int", type)
	sub(/(^| )(mode_t|uid_t|gid_t)$/, "unsigned int", type)
	return type
}

# How tracing prints an argument: an enum trace_kind of syscalls/trace.h.
function kind_of(decl,    type, name)
{
	type = type_of(decl)
	name = name_of(decl)
	if (name ~ /dirfd$/)
		return "TRACE_DIRFD"
	if (name == "oflags")
		return "TRACE_OFLAGS"
	if (name == "in")
		return "TRACE_IN"
	if (name == "out")
		return "TRACE_OUT"
	if (type == "const char *")
		return "TRACE_STRING"
	if (type ~ /\*$/)
		return "TRACE_ADDRESS"
	if (type == "mode_t")
		return "TRACE_OCTAL"
	if (type == "int" || type == "pid_t")
		return "TRACE_INT"
	if (type == "unsigned int" || type == "uid_t" || type == "gid_t")
		return "TRACE_UINT"
	if (type == "long" || type == "off_t")
		return "TRACE_LONG"
	return "TRACE_ULONG"
}

# When and how tracing prints the result: an enum trace_result.
function result_of(name)
{
	if (name == "exit" || name == "exit_group")
		return "TRACE_NO_RETURN"
	if (name == "kill" || name == "tkill" || name == "tgkill")
		return "TRACE_MAY_NOT_RETURN"
	if (name == "mmap" || name == "mremap" || name == "brk")
		return "TRACE_RETURNS_ADDRESS"
	return "TRACE_RETURNS_NUMBER"
}

# "sys_read((int)a, (void *)b, (size_t)c)" of call i; plain says with which
# types.
function call_of(i, plain,    j, s, type)
{
	s = "sys_" name[i] "("
	for (j = 1; j <= nargs[i]; j++) {
		type = type_of(arg[i, j])
		if (plain)
			type = plain_type(type)
		s = s (j > 1 ? ", " : "") "(" type ")" \
			substr("abcdef", j, 1)
	}
	return s ")"
}

function params_of(i, plain,    j, s, type)
{
	if (nargs[i] == 0)
		return "void"
	for (j = 1; j <= nargs[i]; j++) {
		type = type_of(arg[i, j])
		if (plain)
			type = plain_type(type)
		s = s (j > 1 ? ", " : "") type \
			(type ~ /\*$/ ? "" : " ") name_of(arg[i, j])
	}
	return s
}

# A definition whose arguments are passed on, or ignored.
function define(file, i, body,    j)
{
	printf "\nlong sys_%s(%s)\n{\n", name[i], params_of(i, 0) > file
	if (body == "") {
		for (j = 1; j <= nargs[i]; j++)
			printf "\t(void)%s;\n", name_of(arg[i, j]) > file
		body = "-ENOSYS"
	}
	printf "\treturn %s;\n}\n", body > file
}

function begin_file(file)
{
	print "/* SPDX-License-Identifier: MIT */" > file
	print "/* Made from syscalls/syscalls.tbl by" \
		" tools/gen-syscalls.awk: not for editing. */" > file
}

/^[ \t]*(#|$)/ { next }

{
	if (NF < 3 || $1 !~ /^[0-9]+$/ || $2 !~ /^[a-z_0-9]+$/)
		fail("not 'number name where arguments'")
	if ($3 !~ /^(files|home|kernel|linux)$/)
		fail("no such place: " $3)
	if (n > 0 && $1 + 0 <= number[n])
		fail("the numbers do not ascend")
	n++
	number[n] = $1 + 0
	name[n] = $2
	where[n] = $3
	rest = $0
	sub(/^[ \t]*[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]*/, "", rest)
	rest = trim(rest)
	nargs[n] = (rest == "") ? 0 : split(rest, part, ",")
	if (nargs[n] > 6)
		fail("more than six arguments")
	for (j = 1; j <= nargs[n]; j++) {
		arg[n, j] = trim(part[j])
		if (arg[n, j] !~ /^[a-z][a-z_0-9]*( [a-z_0-9*]+)* ?\*?[a-z][a-z_0-9]*$/)
			fail("not a declaration: " arg[n, j])
		if (match(arg[n, j], /struct [a-z_0-9]+/)) {
			tag = substr(arg[n, j], RSTART, RLENGTH)
			if (!(tag in seen)) {
				seen[tag] = 1
				tags[++ntags] = tag
			}
		}
	}
}

END {
	if (failed)
		exit 1
	make_headers()
	make_dispatch()
	make_trace_table()
	make_homes()
	make_doc()
}

function make_headers(    f, d, i)
{
	f = out "/sys.h"
	begin_file(f)
	print "#ifndef WHELK_GEN_SYS_H\n#define WHELK_GEN_SYS_H\n" > f
	print "#include \"abi/types.h\"\n" > f
	d = out "/syscall_direct.h"
	begin_file(d)
	print "#ifndef WHELK_GEN_SYSCALL_DIRECT_H" > d
	print "#define WHELK_GEN_SYSCALL_DIRECT_H\n" > d
	for (i = 1; i <= ntags; i++) {
		print tags[i] ";" > f
		print tags[i] ";" > d
	}
	print "" > f
	print "" > d
	for (i = 1; i <= n; i++) {
		printf "long sys_%s(%s);\n", name[i], params_of(i, 0) > f
		printf "long sys_%s(%s);\n", name[i], params_of(i, 1) > d
	}
	print "\n#endif" > f
	print "\nstatic __inline __attribute__((__always_inline__)) long" > d
	print "syscall_direct(long n, long a, long b, long c, long d," > d
	print "\t       long e, long f)\n{" > d
	print "\t(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;" > d
	print "\tswitch (n) {" > d
	for (i = 1; i <= n; i++)
		printf "\tcase %d: return %s;\n", number[i], \
			call_of(i, 1) > d
	print "\tdefault: return -38; /* ENOSYS */\n\t}\n}" > d
	print "\n/* Is n a call of syscalls/, which does not block for" > d
	print " * long (but for the console)? */" > d
	print "static __inline __attribute__((__always_inline__)) int" > d
	print "syscall_is_file(long n)\n{\n\tswitch (n) {" > d
	for (i = 1; i <= n; i++)
		if (where[i] == "files")
			printf "\tcase %d:\n", number[i] > d
	print "\t\treturn 1;\n\tdefault:\n\t\treturn 0;\n\t}\n}" > d
	print "\n#endif" > d
	f = out "/direct_check.c"
	begin_file(f)
	print "#include \"sys.h\"\n#include \"syscall_direct.h\"" > f
	print "typedef int direct_check;" > f
}

function make_dispatch(    f, i)
{
	f = out "/dispatch.c"
	begin_file(f)
	print "#include \"syscalls/syscall.h\"" > f
	print "#include \"syscalls/trace.h\"" > f
	print "#include \"abi/errno.h\"\n#include \"sys.h\"\n" > f
	print "static long dispatch(long n, long a, long b, long c, long d," > f
	print "\t\t     long e, long f)\n{\n\tswitch (n) {" > f
	for (i = 1; i <= n; i++)
		printf "\tcase %d:\n\t\treturn %s;\n", number[i], \
			call_of(i, 0) > f
	print "\tdefault:\n\t\treturn -ENOSYS;\n\t}\n}\n" > f
	print "long syscall_dispatch(long n, long a, long b, long c, long d," > f
	print "\t\t      long e, long f)\n{" > f
	print "\tconst long args[6] = { a, b, c, d, e, f };" > f
	print "\tlong result;\n" > f
	print "\tif (!(syscall_detour & SYSCALL_DETOUR_TRACE))" > f
	print "\t\treturn dispatch(n, a, b, c, d, e, f);" > f
	print "\ttrace_call_begin(n, args);" > f
	print "\tresult = dispatch(n, a, b, c, d, e, f);" > f
	print "\ttrace_call_end(n, args, result);" > f
	print "\treturn result;\n}" > f
}

function make_trace_table(    f, i, j)
{
	f = out "/trace_table.c"
	begin_file(f)
	print "#include \"syscalls/trace.h\"\n" > f
	print "const struct trace_call trace_calls[] = {" > f
	for (i = 1; i <= n; i++) {
		printf "\t{ \"%s\", %d, %s, %d, {", name[i], number[i], \
			result_of(name[i]), nargs[i] > f
		for (j = 1; j <= nargs[i]; j++)
			printf "%s %s", (j > 1 ? "," : ""), \
				kind_of(arg[i, j]) > f
		print (nargs[i] ? " } }," : " 0 } },") > f
	}
	print "};\n" > f
	print "const int trace_calls_count = " n ";" > f
}

function make_homes(    f, g, u, i)
{
	f = out "/forward.c"
	begin_file(f)
	print "#include \"port/hosted/host_syscall.h\"" > f
	print "#include \"sys.h\"" > f
	g = out "/nosys.c"
	begin_file(g)
	print "#include \"abi/errno.h\"\n#include \"sys.h\"" > g
	u = out "/unit_nosys.c"
	begin_file(u)
	print "#include \"abi/errno.h\"\n#include \"sys.h\"" > u
	for (i = 1; i <= n; i++) {
		if (where[i] == "linux")
			define(g, i, "")
		if (where[i] != "files") {
			printf "\n#pragma weak sys_%s", name[i] > u
			define(u, i, "")
		}
		if (where[i] == "kernel" || where[i] == "linux")
			define(f, i, forward_of(i))
	}
}

function forward_of(i,    j, s)
{
	s = "host_syscall" nargs[i] "(" number[i]
	for (j = 1; j <= nargs[i]; j++)
		s = s ", (long)" name_of(arg[i, j])
	return s ")"
}

function make_doc(    i, j, s, at)
{
	at["files"] = "Whelk | Whelk"
	at["home"] = "Whelk | Whelk, with Linux's means"
	at["kernel"] = "Whelk | Linux"
	at["linux"] = "ENOSYS | Linux"
	print "# System calls\n" > doc
	print "Made from `syscalls/syscalls.tbl` by `make docs`: not for" \
		" editing. A call that is not" > doc
	print "listed returns ENOSYS. Numbers, arguments and structures are" \
		" those of Linux on x86-64.\n" > doc
	print "| number | call | in the guest | in the hosted home |" > doc
	print "|-------:|------|--------------|--------------------|" > doc
	for (i = 1; i <= n; i++) {
		s = ""
		for (j = 1; j <= nargs[i]; j++)
			s = s (j > 1 ? ", " : "") arg[i, j]
		printf "| %d | `%s(%s)` | %s |\n", number[i], name[i], s, \
			at[where[i]] > doc
	}
}
