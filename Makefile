# SPDX-License-Identifier: MIT
#
# Builds everything, into build/. `make help` lists the targets. ./whelk calls
# this after installing what is missing; make alone does on a machine that has
# gcc, binutils and make. Each component (fs, share, syscalls, kernel, port-guest,
# port-hosted) becomes one object that exports only its own prefix and imports
# only what its imports.txt says. A new source file is added to its list here.

ifneq ($(words $(CURDIR)),1)
$(error the path "$(CURDIR)" contains a space, which make cannot handle: move the checkout)
endif

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
# V=1 shows the commands.
ifndef V
.SILENT:
say = printf '  %-8s %s\n' $(1) $@;
endif
comma := ,
.DELETE_ON_ERROR:
.SUFFIXES:

B := build
CC := gcc
LD := ld
OBJCOPY := objcopy
NM := nm
AR := ar
CLANG := clang
CLANG_FORMAT := clang-format
CLANG_TIDY := clang-tidy

# --- sources ---------------------------------------------------------------

FS_SRCS := fs/map.c \
	fs/allocate.c fs/content.c fs/copy.c fs/dir.c fs/file.c fs/foreign.c fs/fs.c fs/list.c fs/name.c \
	fs/node.c fs/perm.c fs/quick.c fs/rename.c fs/share.c fs/slab.c fs/tree.c fs/walk.c \
	fs/walkers.c fs/xattr.c
SHARE_SRCS := share/files.c share/message.c share/names.c share/nodes.c \
	share/session.c share/xattr.c
SYSCALLS_SRCS := syscalls/mmap.c \
	syscalls/attr.c syscalls/copy.c syscalls/cred.c syscalls/dev.c \
	syscalls/epoll.c syscalls/eventfd.c syscalls/fd.c syscalls/host.c \
	syscalls/inotify.c \
	syscalls/ioctl.c syscalls/lock.c syscalls/notify.c syscalls/open.c \
	syscalls/path.c syscalls/pipe.c syscalls/poll.c syscalls/pool.c \
	syscalls/proc.c syscalls/proc_text.c syscalls/process.c \
	syscalls/rw.c syscalls/stat.c syscalls/text.c syscalls/trace.c \
	syscalls/wait.c syscalls/xattr.c
SYSCALLS_GEN := dispatch.c trace_table.c
# Memory of the caller: one variant where faults can be caught, and a plain one.
USER_SRCS := port/user.c port/x86_64/fault.c port/x86_64/user.S
USER_PLAIN_SRCS := port/user.c port/plain/user.c
KERNEL_SRCS := kernel/console.c kernel/end.c kernel/memory.c kernel/mman.c \
	kernel/print.c kernel/process.c kernel/random.c kernel/signal.c \
	kernel/start.c kernel/time.c kernel/vm.c kernel/x86_64/boot.S \
	kernel/x86_64/channel.c kernel/x86_64/clock.c kernel/x86_64/cpu.c \
	kernel/x86_64/entry.S kernel/x86_64/mmu.c kernel/x86_64/panic.c \
	kernel/x86_64/rtc.c kernel/x86_64/timer.c kernel/x86_64/trap.c \
	kernel/x86_64/uart.c kernel/x86_64/virtio.c kernel/x86_64/virtio_mmio.c \
	kernel/x86_64/virtio_pci.c port/areas.c port/pages.c $(USER_SRCS)
PORT_GUEST_SRCS := port/guest/archive.c port/guest/calls.c \
	port/guest/clone.S port/guest/cmdline.c port/guest/main.c port/guest/port.c \
	port/guest/stack.c port/cpu.c port/lock.c
PORT_GUEST_GEN := nosys.c
PORT_HOSTED_SRCS := port/hosted/arena.c port/hosted/calls.c \
	port/hosted/clock.c port/hosted/clone.S port/hosted/console.c \
	port/hosted/host_syscall.S port/hosted/main.c port/hosted/map.c \
	port/hosted/remap.c port/hosted/share.c port/hosted/signal.c \
	port/hosted/start.S port/hosted/wait.c \
	port/areas.c port/cpu.c port/lock.c \
	port/pages.c $(USER_SRCS)
PORT_HOSTED_GEN := forward.c
LIBC_SRCS := libc/glue/legacy.c libc/glue/memory.c \
	libc/glue/set_thread_area.c libc/glue/stat.c libc/glue/syscall_cp.S \
	libc/glue/vfork.c
RUN_SRCS := tools/run.c tools/run_archive.c tools/run_cmdline.c \
	tools/run_elf.c tools/run_options.c tools/run_qemu.c tools/run_report.c \
	tools/run_session.c tools/run_symbols.c
MOUNT_SRCS := tools/mount.c tools/mount_attrs.c tools/mount_caller.c \
	tools/mount_dirs.c tools/mount_files.c tools/mount_names.c \
	tools/mount_nodes.c tools/mount_options.c tools/mount_port.c \
	tools/mount_xattrs.c
APPS := directories many simple
UNIT_COMMON := tests/unit/calls.c tests/unit/check.c \
	tests/unit/lock_order.c tests/unit/port_unit.c
UNIT_GEN := unit_nosys.c
FUZZ_SRCS := $(addprefix tests/fuzz/,arguments.c calls.c fuzz.c sweep.c world.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(filter-out $(UNIT_COMMON),$(sort $(wildcard tests/unit/*.c))))

# --- flags -----------------------------------------------------------------

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wimplicit-fallthrough -Werror
INCLUDE := -I. -I$(B)/gen -Iport/x86_64
PLAIN_INCLUDE := -I. -I$(B)/gen -Iport/plain
FREESTANDING := -ffreestanding -fno-stack-protector -fno-pie -mcmodel=small \
	-fcf-protection=none -fno-asynchronous-unwind-tables
CFLAGS := -O2 -g
COMPONENT_CFLAGS := -std=c11 $(CFLAGS) $(WARN) -Wframe-larger-than=1024 \
	-ffunction-sections $(FREESTANDING) $(INCLUDE)
HOST_CFLAGS := -std=c11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -I.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
DEPS = -MMD -MP -MF $@.d
# tools/coverage has these two otherwise.
COVERAGE :=
CHECK_IMPORTS := tools/check-imports

# $(call objects,sources,generated sources)
objects = $(patsubst %,$(B)/obj/%.o,$(basename $(1))) \
	$(patsubst %.c,$(B)/obj/gen/%.o,$(2))

FS_OBJS := $(call objects,$(FS_SRCS))
SHARE_OBJS := $(call objects,$(SHARE_SRCS))
SYSCALLS_OBJS := $(call objects,$(SYSCALLS_SRCS),$(SYSCALLS_GEN))
KERNEL_OBJS := $(call objects,$(KERNEL_SRCS))
PORT_GUEST_OBJS := $(call objects,$(PORT_GUEST_SRCS),$(PORT_GUEST_GEN))
PORT_HOSTED_OBJS := $(call objects,$(PORT_HOSTED_SRCS),$(PORT_HOSTED_GEN))
LIBC_OBJS := $(call objects,$(LIBC_SRCS))

LIBC := $(addprefix $(B)/lib/,libc.a crt1.o crti.o crtn.o)
COMMON_LIBS := $(LIBC) $(B)/lib/fs.o $(B)/lib/share.o $(B)/lib/syscalls.o
GUEST_LIBS := $(COMMON_LIBS) $(B)/lib/kernel.o $(B)/lib/port-guest.o \
	$(B)/lib/guest.ld
HOSTED_LIBS := $(COMMON_LIBS) $(B)/lib/port-hosted.o
GEN_HEADERS := $(B)/gen/sys.h $(B)/gen/syscall_direct.h

# --- main targets ----------------------------------------------------------

.PHONY: all guest hosted runner apps linux docs
all: guest hosted runner apps ## build everything but the tests

guest: $(GUEST_LIBS) ## the libraries of the guest
hosted: $(HOSTED_LIBS) ## the libraries of the hosted home
runner: $(B)/bin/whelk-run ## the program that boots guests

apps: $(foreach home,linux hosted guest,$(addprefix $(B)/$(home)/,$(APPS)))
apps: ## the example programs, for Linux and both homes

DEVIATIONS = awk -f tools/gen-deviations.awk $(filter %.c,$(FS_SRCS) $(SHARE_SRCS) \
	$(SYSCALLS_SRCS) $(KERNEL_SRCS) $(PORT_GUEST_SRCS) $(PORT_HOSTED_SRCS) \
	$(LIBC_SRCS)) $(wildcard */*.h */*/*.h)
docs: $(B)/gen/stamp ## refresh the documents that are made
	cp $(B)/gen/syscalls.md docs/syscalls.md
	$(DEVIATIONS) >docs/deviations.md

# --- generated code --------------------------------------------------------

# Files that stay the same keep their times, so a change of the table rebuilds
# only what it touches. The stamp stands for all of them.
GEN_FILES := $(GEN_HEADERS) $(addprefix $(B)/gen/,$(SYSCALLS_GEN) \
	$(PORT_GUEST_GEN) $(PORT_HOSTED_GEN) $(UNIT_GEN) direct_check.c \
	syscalls.md)
$(GEN_FILES): $(B)/gen/stamp ;
$(B)/gen/stamp: syscalls/syscalls.tbl tools/gen-syscalls.awk
	mkdir -p $(B)/gen/new
	$(call say,GEN) awk -v out=$(B)/gen/new -v doc=$(B)/gen/new/syscalls.md \
		-f tools/gen-syscalls.awk syscalls/syscalls.tbl
	for f in $(B)/gen/new/*; do \
		cmp -s $$f $(B)/gen/$${f##*/} || cp $$f $(B)/gen/; done
	$(CC) -std=c11 -Werror -fsyntax-only $(INCLUDE) $(B)/gen/direct_check.c
	touch $@

# --- objects and components ------------------------------------------------

$(B)/obj/gen/%.o: $(B)/gen/%.c
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(COMPONENT_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/obj/%.o: %.c $(GEN_HEADERS)
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(COMPONENT_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/obj/%.o: %.S
	mkdir -p $(@D)
	$(call say,AS) $(CC) $(CFLAGS) $(INCLUDE) $(DEPS) -c -o $@ $<

# What few programs call often is compiled to be small. What nothing calls the
# linker leaves out of guests (tools/guest.specs).
SMALL := $(addprefix fs/,allocate copy foreign fs list map perm share walk xattr) \
	$(patsubst %.c,%,$(SHARE_SRCS) $(filter-out port/lock.c port/pages.c, \
	$(filter %.c,$(KERNEL_SRCS) $(PORT_GUEST_SRCS)))) \
	$(addprefix syscalls/,attr copy cred dev epoll eventfd host inotify \
	ioctl lock mmap notify pipe poll proc proc_text process text trace \
	wait xattr)
# Its table of jumps has distances then, which are half as long as addresses.
$(B)/obj/gen/dispatch.o: COMPONENT_CFLAGS += -fpie
$(SMALL:%=$(B)/obj/%.o): COMPONENT_CFLAGS += -Os
$(FS_OBJS) $(SHARE_OBJS) $(SYSCALLS_OBJS): COMPONENT_CFLAGS += $(COVERAGE)

# $(call component,name,objects,exported names,imports list)
define component
$(B)/lib/$(1).o: $(2) $(4) tools/check-imports tools/strip-data Makefile
	mkdir -p $$(@D)
	$$(call say,LD) $(LD) -r -o $$@.all $(2)
	$(OBJCOPY) -w $(foreach s,$(3),-G '$(s)') $$@.all $$@.tmp
	$(CHECK_IMPORTS) $(NM) $$@.tmp $(4)
	tools/strip-data $(NM) $(OBJCOPY) $$@.tmp
	rm $$@.all; mv $$@.tmp $$@
endef
$(eval $(call component,fs,$(FS_OBJS),fs_*,fs/imports.txt))
$(eval $(call component,share,$(SHARE_OBJS),share_*,share/imports.txt))
$(eval $(call component,syscalls,$(SYSCALLS_OBJS),sys_* syscall_*,syscalls/imports.txt))
$(eval $(call component,kernel,$(KERNEL_OBJS),kernel_* user_* sys_*,kernel/imports.txt))
$(eval $(call component,port-guest,$(PORT_GUEST_OBJS),port_* sys_* __clone __unmapself __restore_rt,port/guest/imports.txt))
$(eval $(call component,port-hosted,$(PORT_HOSTED_OBJS),port_* user_* sys_* hosted_start __clone __unmapself __restore_rt,port/hosted/imports.txt))

$(B)/lib/guest.ld: kernel/x86_64/guest.ld
	mkdir -p $(@D)
	cp $< $@

# --- libc ------------------------------------------------------------------

# tools/build-musl leaves its result in build/musl; the objects in which its
# assembly executes a system call, and memcpy and kin, are exchanged for ours.
MUSL_SRC ?= $(B)/src/musl
MUSL_REPLACED := thread/x86_64/clone thread/x86_64/__unmapself \
	thread/x86_64/__set_thread_area thread/x86_64/syscall_cp \
	process/x86_64/vfork signal/x86_64/restore string/x86_64/memcpy \
	string/x86_64/memmove string/x86_64/memset string/memcmp \
	stat/stat stat/lstat stat/fstat stat/fstatat
$(B)/obj/libc/glue/memory.o: COMPONENT_CFLAGS += -fno-tree-loop-distribute-patterns

$(B)/musl/stamp: libc/atomic_arch.h libc/syscall_arch.h libc/syscall.h \
		$(B)/gen/syscall_direct.h tools/build-musl tools/fetch-source
	$(call say,MUSL) MUSL_SRC=$(MUSL_SRC) tools/build-musl $(B) $(CC)
	touch $@
$(B)/lib/libc.a: $(B)/musl/stamp $(LIBC_OBJS) Makefile
	mkdir -p $(@D)
	rm -f $@.tmp
	$(call say,AR) find $(B)/musl/obj/src -name '*.o' | sort | \
		grep -vxF $(MUSL_REPLACED:%=-e $(B)/musl/obj/src/%.o) | \
		xargs $(AR) rc $@.tmp
	$(AR) rs $@.tmp $(LIBC_OBJS)
	$(OBJCOPY) -w -N '*.c' -N '*.s' $@.tmp
	mv $@.tmp $@
	cp $(B)/musl/lib/lib[!c]*.a $(B)/musl/lib/libcrypt.a $(@D)
$(B)/lib/%.o: $(B)/musl/stamp
	mkdir -p $(@D)
	cp $(B)/musl/lib/$*.o $@

# --- programs --------------------------------------------------------------

$(B)/bin/whelk-run: $(RUN_SRCS)
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(HOST_CFLAGS) $(DEPS) -o $@ $(RUN_SRCS)

# fs/ as a Linux file system in user space: the very object that guests have.
# Only where there is libfuse3 (./whelk installs it for mount and test).
HAVE_FUSE := $(shell pkg-config --exists 'fuse3 >= 3.5' 2>/dev/null && echo y)
FUSE_CFLAGS = $(shell pkg-config --cflags fuse3)
FUSE_LIBS = $(shell pkg-config --libs fuse3)
MOUNT := $(if $(HAVE_FUSE),$(B)/bin/whelk-mount)
.PHONY: mount
mount: $(B)/bin/whelk-mount ## the program that mounts fs/ on Linux
$(B)/mount/%.o: %.c
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(HOST_CFLAGS) $(FUSE_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/bin/whelk-mount: $(patsubst %.c,$(B)/mount/%.o,$(MOUNT_SRCS) port/lock.c \
		port/pages.c) $(B)/obj/port/x86_64/user.o $(B)/lib/fs.o
	mkdir -p $(@D)
	$(call say,CC) $(CC) -no-pie -o $@ $^ $(FUSE_LIBS)

APP_CFLAGS := -std=c11 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror
WHELK_CC := tools/whelk-cc
WHELK_CC_FILES := $(WHELK_CC) tools/guest.specs tools/hosted.specs

$(B)/linux/%: apps/%.c
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(APP_CFLAGS) -o $@ $<
$(B)/hosted/%: apps/%.c $(HOSTED_LIBS) $(WHELK_CC_FILES)
	mkdir -p $(@D)
	$(call say,WHELK-CC) $(WHELK_CC) --hosted $(APP_CFLAGS) -o $@ $<
$(B)/guest/%: apps/%.c $(GUEST_LIBS) $(WHELK_CC_FILES)
	mkdir -p $(@D)
	$(call say,WHELK-CC) $(WHELK_CC) $(APP_CFLAGS) -o $@ $<

# PostMark as Debian ships it: K&R C of 1997, compiled without a change.
POSTMARK_SRC ?= $(B)/src/postmark
POSTMARK_C := $(POSTMARK_SRC)/postmark-1.53.c
POSTMARK_CFLAGS := -std=gnu89 -O2 -w
POSTMARK := $(foreach home,linux hosted guest,$(B)/$(home)/postmark)

.PHONY: postmark
postmark: $(POSTMARK) ## PostMark, for Linux and both homes
$(B)/src/postmark/postmark-1.53.c: tools/fetch-source
	tools/fetch-source $(B)/src postmark
	touch $@
$(B)/linux/postmark: $(POSTMARK_C)
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(POSTMARK_CFLAGS) -o $@ $< 2>$@.log || { cat $@.log; exit 1; }
$(B)/hosted/postmark: $(POSTMARK_C) $(HOSTED_LIBS) $(WHELK_CC_FILES)
	mkdir -p $(@D)
	$(call say,WHELK-CC) $(WHELK_CC) --hosted $(POSTMARK_CFLAGS) -o $@ $<
$(B)/guest/postmark: $(POSTMARK_C) $(GUEST_LIBS) $(WHELK_CC_FILES)
	mkdir -p $(@D)
	$(call say,WHELK-CC) $(WHELK_CC) $(POSTMARK_CFLAGS) -o $@ $<

# --- tests -----------------------------------------------------------------

UNIT_CFLAGS := -std=c11 -O1 -g $(WARN) $(SANITIZE) $(PLAIN_INCLUDE)
UNIT_WRAPPED := mem_alloc mem_free port_lock_read_wait port_lock_write_wait \
	port_lock_read_leave port_lock_write_leave fs_create fs_destroy \
	pool_alloc pool_free
UNIT_LDFLAGS := -pthread $(addprefix -Wl$(comma)--wrap=,$(UNIT_WRAPPED))
UNIT_PORT_SRCS := port/cpu.c port/lock.c port/pages.c tests/unit/lock_order.c \
	tests/unit/port_unit.c $(USER_PLAIN_SRCS)
UNIT_FS_OBJS := $(patsubst %.c,$(B)/unit/obj/%.o,$(FS_SRCS) $(UNIT_PORT_SRCS) \
	tests/unit/calls.c tests/unit/check.c)
UNIT_SYSCALLS_OBJS := $(patsubst %.c,$(B)/unit/obj/%.o,$(SYSCALLS_SRCS) $(SHARE_SRCS) \
	$(addprefix gen/,$(SYSCALLS_GEN) $(UNIT_GEN)))
UNIT_PROGRAMS := $(addprefix $(B)/unit/,$(UNIT_TESTS))

$(B)/unit/obj/%.o: %.c $(GEN_HEADERS)
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(UNIT_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/unit/obj/gen/%.o: $(B)/gen/%.c
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(UNIT_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/unit/syscalls.a: $(UNIT_SYSCALLS_OBJS)
	$(call say,AR) rm -f $@; $(AR) rcs $@ $^
$(UNIT_PROGRAMS): $(B)/unit/%: $(B)/unit/obj/tests/unit/%.o $(UNIT_FS_OBJS) \
		$(B)/unit/syscalls.a
	$(call say,CC) $(CC) $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LDFLAGS)

# The fuzzer's inputs without the fuzzer; and the fuzzer, which is clang's.
FUZZ_PROGRAMS := $(B)/unit/replay $(B)/unit/call_faults
$(B)/unit/replay: $(patsubst %.c,$(B)/unit/obj/%.o,$(FUZZ_SRCS) \
	tests/fuzz/replay.c)
$(B)/unit/call_faults: $(addprefix $(B)/unit/obj/tests/fuzz/,faults.o sweep.o \
	world.o)
$(FUZZ_PROGRAMS): $(filter-out %/calls.o %/check.o,$(UNIT_FS_OBJS)) \
		$(UNIT_SYSCALLS_OBJS)
	$(call say,CC) $(CC) $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LDFLAGS)

# Threads, under the thread sanitizer.
TSAN_CFLAGS := -std=c11 -O1 -g $(WARN) -fsanitize=thread $(PLAIN_INCLUDE)
TSAN_OBJS := $(patsubst %.c,$(B)/tsan/obj/%.o,$(FS_SRCS) $(SYSCALLS_SRCS) $(SHARE_SRCS) \
	$(UNIT_PORT_SRCS) $(addprefix gen/,$(SYSCALLS_GEN) $(UNIT_GEN)))
TSAN_PROGRAMS := $(B)/tsan/nodes $(B)/tsan/walkers $(B)/tsan/waits \
	$(B)/tsan/calls
$(B)/tsan/obj/gen/%.o: $(B)/gen/%.c
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(TSAN_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/tsan/obj/%.o: %.c $(GEN_HEADERS)
	mkdir -p $(@D)
	$(call say,CC) $(CC) $(TSAN_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/tsan/nodes: $(addprefix $(B)/tsan/obj/tests/unit/,threads.o calls.o check.o)
$(B)/tsan/walkers: $(addprefix $(B)/tsan/obj/tests/unit/,walkers.o calls.o check.o)
$(B)/tsan/waits: $(addprefix $(B)/tsan/obj/tests/unit/,waits.o check.o)
$(B)/tsan/calls: $(addprefix $(B)/tsan/obj/tests/fuzz/,threads.o arguments.o calls.o \
	world.o)
$(TSAN_PROGRAMS): $(TSAN_OBJS)
	$(call say,CC) $(CC) $(TSAN_CFLAGS) -o $@ $^ $(UNIT_LDFLAGS)

FUZZ_CFLAGS := $(UNIT_CFLAGS) -fsanitize=fuzzer-no-link
FUZZER_OBJS := $(patsubst %.c,$(B)/fuzz/obj/%.o,$(FUZZ_SRCS) $(FS_SRCS) \
	$(SYSCALLS_SRCS) $(SHARE_SRCS) $(UNIT_PORT_SRCS) \
	$(addprefix gen/,$(SYSCALLS_GEN) $(UNIT_GEN)))
$(B)/fuzz/obj/gen/%.o: $(B)/gen/%.c
	mkdir -p $(@D)
	$(call say,CLANG) $(CLANG) $(FUZZ_CFLAGS) $(DEPS) -c -o $@ $<
$(B)/fuzz/obj/%.o: %.c $(GEN_HEADERS)
	mkdir -p $(@D)
	$(call say,CLANG) $(CLANG) $(FUZZ_CFLAGS) $(DEPS) -c -o $@ $<
# Addresses of the caller may be any numbers.
$(B)/fuzz/obj/port/user.o: FUZZ_CFLAGS += -fno-sanitize=pointer-overflow
$(B)/fuzz/fuzzer: $(FUZZER_OBJS)
	$(call say,CLANG) $(CLANG) $(UNIT_CFLAGS) -fsanitize=fuzzer -o $@ $^ \
		$(UNIT_LDFLAGS)

TEST_SCRIPTS := $(sort $(wildcard tests/*.sh))
CHECKS := check-warnings check-headers check-format check-locks check-tidy \
	check-layers check-docs

.PHONY: unit test check coverage budget bench clean format help $(CHECKS)
unit: $(UNIT_PROGRAMS) $(FUZZ_PROGRAMS) $(TSAN_PROGRAMS) ## the unit tests, under sanitizers

.PHONY: fuzz fuzz-merge
SECONDS ?= 600
fuzz: $(B)/fuzz/fuzzer ## look for failing system calls (SECONDS=600)
	mkdir -p $(B)/fuzz/corpus
	cd $(B)/fuzz && ./fuzzer -max_total_time=$(SECONDS) -timeout=20 \
		-max_len=1000 -rss_limit_mb=4000 -print_final_stats=1 \
		-artifact_prefix=found- corpus $(CURDIR)/tests/fuzz/corpus

FUZZ_KEEP := 190
fuzz-merge: $(B)/fuzz/fuzzer ## make tests/fuzz/corpus of what was found
	tests/fuzz/merge $(B)/fuzz tests/fuzz/corpus $(FUZZ_KEEP)

# TESTS=... names some cases only, TEST_FLAGS=--all adds long ones: see
# tests/run-tests.
TESTS := $(addprefix make:,$(CHECKS)) $(UNIT_PROGRAMS) $(B)/unit/call_faults \
	$(TEST_SCRIPTS)
test: all postmark unit $(MOUNT) ## build and pass every test (TESTS='CASE ...' some)
	tests/run-tests $(TEST_FLAGS) $(B)/test $(TESTS)

check: $(CHECKS) ## all the checks of the source, without the tests

coverage: all ## lines and branches of fs/ and syscalls/ that tests reach
	tools/coverage

budget: all ## lower the budget of instructions to what they are now
	sh tests/budget.sh --lower

bench: all postmark ## the measurements (BENCH_FLAGS=--quick: the short ones)
	bench/run $(BENCH_FLAGS) $(B)

# --- checks ----------------------------------------------------------------

CHECKED_SRCS := $(sort $(filter %.c,$(FS_SRCS) $(SHARE_SRCS) $(SYSCALLS_SRCS) $(KERNEL_SRCS) \
	$(PORT_GUEST_SRCS) $(PORT_HOSTED_SRCS) $(LIBC_SRCS)))
HOST_SRCS := $(RUN_SRCS) $(MOUNT_SRCS)
HEADERS := $(sort $(wildcard abi/*.h fs/*.h share/*.h syscalls/*.h kernel/*.h \
	kernel/x86_64/*.h port/*.h port/*/*.h tools/*.h tests/budget/*.h \
	tests/conform/*.h tests/fuzz/*.h tests/unit/*.h))
FORMATTED := $(CHECKED_SRCS) $(HOST_SRCS) $(HEADERS) $(wildcard libc/*.h) \
	$(wildcard apps/*.c bench/*.[ch] tests/*/*.[ch])
CLANG_CFLAGS := -std=c11 $(WARN) -ffreestanding $(INCLUDE)
HEADER_CFLAGS = -std=c11 $(WARN) -D_GNU_SOURCE $(INCLUDE) $(if $(MOUNT),$(FUSE_CFLAGS))

check-warnings: $(GEN_FILES) ## no warning from clang (gcc's stop the build)
	$(CLANG) $(CLANG_CFLAGS) -fsyntax-only $(CHECKED_SRCS)
	$(CLANG) $(HOST_CFLAGS) -fsyntax-only $(RUN_SRCS)
	$(if $(MOUNT),$(CLANG) $(HOST_CFLAGS) $(FUSE_CFLAGS) -fsyntax-only $(MOUNT_SRCS))

check-locks: $(GEN_FILES) ## lock annotations hold (clang -Wthread-safety)
	$(CLANG) $(CLANG_CFLAGS) -Wthread-safety -fsyntax-only $(CHECKED_SRCS)

check-headers: $(GEN_FILES) ## each header compiles alone, and twice
	for h in $(filter-out $(if $(MOUNT),,tools/mount.h),$(HEADERS)); do \
		printf '#include "%s"\n#include "%s"\ntypedef int it;\n' $$h $$h | \
		$(CC) $(HEADER_CFLAGS) -fsyntax-only -x c - || exit 1; done

check-format: ## the source is as clang-format would have it
	bad=; for f in $(FORMATTED); do \
		$(CLANG_FORMAT) $$f | cmp -s - $$f || bad="$$bad $$f"; done; \
	[ -z "$$bad" ] || { echo "not as 'make format' has it:$$bad"; exit 1; }

format: ## let clang-format do it
	$(CLANG_FORMAT) -i $(FORMATTED)

check-tidy: $(GEN_FILES) ## clang-tidy's bugprone-* (exclusions: .clang-tidy)
	printf '%s\n' $(CHECKED_SRCS) | xargs -P2 -I{} \
		$(CLANG_TIDY) --quiet {} -- $(CLANG_CFLAGS)

UNLISTED = $(filter-out $(FS_SRCS) $(SHARE_SRCS) $(SYSCALLS_SRCS) $(KERNEL_SRCS) \
	$(PORT_GUEST_SRCS) $(PORT_HOSTED_SRCS) $(USER_PLAIN_SRCS) $(LIBC_SRCS) $(HOST_SRCS),\
	$(wildcard $(foreach d,fs share syscalls kernel kernel/x86_64 port port/guest \
	port/hosted port/plain port/x86_64 libc/glue,$d/*.c $d/*.S) tools/*.c))

check-layers: guest hosted ## components import and include only what they may
	[ -z "$(UNLISTED)" ] || { echo "in no list of sources: $(UNLISTED)"; exit 1; }
	tools/check-imports --exact $(NM) $(B)/lib/fs.o fs/imports.txt
	tools/check-layers

check-docs: $(B)/gen/syscalls.md ## documents that are made are fresh
	cmp $(B)/gen/syscalls.md docs/syscalls.md || \
		{ echo "docs/syscalls.md is stale: run 'make docs'"; exit 1; }
	$(DEVIATIONS) | cmp - docs/deviations.md || \
		{ echo "docs/deviations.md is stale: run 'make docs'"; exit 1; }
	! grep -n '@[A-Z]*@' README.md docs/*.md

clean: ## remove what was built (but keep downloaded sources)
	find $(B) -mindepth 1 -maxdepth 1 ! -name src -exec rm -rf {} +

help: ## this list
	sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | sort | expand -t 16

-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
