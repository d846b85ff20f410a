/*
 * Makes one system call of a program fail, be short, or be its last: for LD_PRELOAD. Calls are counted per kind, and
 * only for files in a given folder, so that a count means the same in each run.
 *
 *   FAULT_UNDER  the folder, as `realpath` gives it
 *   FAULT_STATE  a file for the counts (`struct state`), which outlives the process; the first process that opens it counts
 *   FAULT_KIND   open (to read), create (to write), read, write, sync, rename, mkdir, unlink, truncate, list (a folder);
 *                all for any of them
 *   FAULT_AT     which call of that kind, from 1
 *   FAULT_FILE   counts only calls of paths that end so
 *   FAULT_DO     a number: fails with that errno. `kill`: SIGKILL instead of the call. `torn`: half of a write, then SIGKILL.
 *                `short`: half of a read or write. `INT`, `TERM`, `HUP`: that signal comes before the call
 *   FAULT_STAYS  set: all later calls that the same state of a disk would fail, fail too (full, read-only, broken)
 *   FAULT_CLOCK  seconds that the wall clock is put back by from that call on, which then does not fail
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum kind { OPEN, CREATE, READ, WRITE, SYNC, RENAME, MKDIR, UNLINK, TRUNCATE, LIST, KINDS };
static const char *const names[KINDS] = {"open", "create", "read", "write", "sync", "rename", "mkdir", "unlink", "truncate",
                                          "list"};

struct state {
	_Atomic int owner;
	_Atomic int struck;
	_Atomic unsigned counts[KINDS + 1]; /* the last is of all */
	char where[512];
};

static struct state *state;
static char under[PATH_MAX];
static size_t under_length;
static const char *ending;
static int kind_wanted = -1;
static unsigned at;
static int error_wanted;
static int kills, tears, shortens, stays, signal_sent;
static long clock_back;

static void catch_renames(void);

__attribute__((constructor)) static void begin(void) {
	catch_renames(); /* before anything else: a child has the filter of its parent */
	const char *folder = getenv("FAULT_UNDER"), *file = getenv("FAULT_STATE");
	if (!folder || !file) return;
	int descriptor = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor < 0 || syscall(SYS_ftruncate, descriptor, sizeof(struct state)) != 0) return;
	struct state *shared = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	syscall(SYS_close, descriptor);
	if (shared == MAP_FAILED) return;
	int nobody = 0;
	if (!atomic_compare_exchange_strong(&shared->owner, &nobody, getpid())) return; /* a child of the program's */
	snprintf(under, sizeof under, "%s", folder);
	under_length = strlen(under);
	const char *kind = getenv("FAULT_KIND"), *which = getenv("FAULT_AT"), *what = getenv("FAULT_DO");
	if (kind && which) {
		at = strtoul(which, NULL, 10);
		for (int index = 0; index < KINDS; index++)
			if (strcmp(kind, names[index]) == 0) kind_wanted = index;
		if (strcmp(kind, "all") == 0) kind_wanted = KINDS;
	}
	if (what) {
		kills = strcmp(what, "kill") == 0;
		tears = strcmp(what, "torn") == 0;
		shortens = strcmp(what, "short") == 0;
		if (strcmp(what, "INT") == 0) signal_sent = SIGINT;
		if (strcmp(what, "TERM") == 0) signal_sent = SIGTERM;
		if (strcmp(what, "HUP") == 0) signal_sent = SIGHUP;
		error_wanted = atoi(what);
	}
	ending = getenv("FAULT_FILE");
	stays = getenv("FAULT_STAYS") != NULL;
	if (getenv("FAULT_CLOCK")) clock_back = atol(getenv("FAULT_CLOCK"));
	state = shared;
}

/* A fork without exec must not count: it is another process. */
static int counting(void) { return state && state->owner == getpid(); }

static int ends_so(const char *path) {
	size_t length = strlen(path), wanted = strlen(ending);
	return length >= wanted && strcmp(path + length - wanted, ending) == 0;
}

static int inside(const char *path) {
	return strncmp(path, under, under_length) == 0 && (path[under_length] == '/' || path[under_length] == 0) &&
	       (!ending || ends_so(path));
}

static int path_of(int descriptor, char *path) {
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
	if (length < 0) return 0;
	path[length] = 0;
	return 1;
}

static int absolute(int folder, const char *file, char *path) {
	if (!file) return 0;
	if (file[0] == '/') {
		snprintf(path, PATH_MAX, "%s", file);
		return 1;
	}
	char base[PATH_MAX];
	if (folder == AT_FDCWD) {
		if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
	} else if (!path_of(folder, base)) {
		return 0;
	}
	return snprintf(path, PATH_MAX, "%s/%s", base, file) < PATH_MAX;
}

/* Whether a disk in the state that the fault stands for would fail a call of this kind. */
static int still_fails(enum kind kind) {
	switch (error_wanted) {
	case ENOSPC: return kind == CREATE || kind == WRITE || kind == MKDIR || kind == TRUNCATE;
	case EROFS: return kind == CREATE || kind == RENAME || kind == MKDIR || kind == UNLINK;
	default: return 1;
	}
}

enum verdict { GO_ON, FAIL, HALF, HALF_AND_KILL };

static enum verdict judge(enum kind kind, const char *path) {
	if (!inside(path)) return GO_ON;
	unsigned all = atomic_fetch_add(&state->counts[KINDS], 1) + 1;
	unsigned count = atomic_fetch_add(&state->counts[kind], 1) + 1;
	int hit = kind_wanted == KINDS ? all == at : (int)kind == kind_wanted && count == at;
	if (hit) {
		snprintf(state->where, sizeof state->where, "%s %s", names[kind], path + under_length);
		state->struck = 1;
	}
	if (clock_back) return GO_ON;
	if (!hit && !(stays && state->struck && (shortens ? kind == READ || kind == WRITE : still_fails(kind)))) return GO_ON;
	if (signal_sent) {
		syscall(SYS_kill, getpid(), signal_sent);
		return GO_ON;
	}
	if (kills) syscall(SYS_kill, getpid(), SIGKILL);
	if (tears) return HALF_AND_KILL;
	if (shortens) return HALF;
	errno = error_wanted;
	return FAIL;
}

static enum verdict judge_path(enum kind kind, int folder, const char *file) {
	char path[PATH_MAX];
	return counting() && absolute(folder, file, path) ? judge(kind, path) : GO_ON;
}

static enum verdict judge_descriptor(enum kind kind, int descriptor) {
	char path[PATH_MAX];
	return counting() && descriptor > 2 && path_of(descriptor, path) ? judge(kind, path) : GO_ON;
}

#define NEXT(name, ...) ((__VA_ARGS__)dlsym(RTLD_NEXT, #name))

static mode_t mode_from(int flags, va_list rest) {
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

#define OPENS(name)                                                                                                    \
	int name(const char *file, int flags, ...) {                                                                       \
		va_list rest;                                                                                                  \
		va_start(rest, flags);                                                                                         \
		mode_t mode = mode_from(flags, rest);                                                                          \
		va_end(rest);                                                                                                  \
		if (judge_path((flags & O_ACCMODE) == O_RDONLY ? OPEN : CREATE, AT_FDCWD, file) == FAIL) return -1;            \
		return NEXT(name, int (*)(const char *, int, ...))(file, flags, mode);                                         \
	}
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                                                                                 \
	int name(int folder, const char *file, int flags, ...) {                                                           \
		va_list rest;                                                                                                  \
		va_start(rest, flags);                                                                                         \
		mode_t mode = mode_from(flags, rest);                                                                          \
		va_end(rest);                                                                                                  \
		if (judge_path((flags & O_ACCMODE) == O_RDONLY ? OPEN : CREATE, folder, file) == FAIL) return -1;              \
		return NEXT(name, int (*)(int, const char *, int, ...))(folder, file, flags, mode);                            \
	}
OPENS_AT(openat)
OPENS_AT(openat64)

/* A call that moves `count` bytes, of which half may be moved. */
#define MOVES(name, kind, pointer, extra, pass)                                                                        \
	ssize_t name(int descriptor, pointer bytes, size_t count extra) {                                                  \
		ssize_t (*next)(int, pointer, size_t extra) = NEXT(name, ssize_t(*)(int, pointer, size_t extra));             \
		size_t half = count > 1 ? count / 2 : count;                                                                   \
		switch (judge_descriptor(kind, descriptor)) {                                                                  \
		case FAIL: return -1;                                                                                          \
		case HALF: return next(descriptor, bytes, half pass);                                                          \
		case HALF_AND_KILL:                                                                                            \
			next(descriptor, bytes, half pass);                                                                        \
			syscall(SYS_kill, getpid(), SIGKILL);                                                                      \
			/* fall through */                                                                                         \
		default: return next(descriptor, bytes, count pass);                                                           \
		}                                                                                                              \
	}
#define COMMA ,
MOVES(write, WRITE, const void *, , )
MOVES(pwrite, WRITE, const void *, COMMA off_t offset, COMMA offset)
MOVES(pwrite64, WRITE, const void *, COMMA off64_t offset, COMMA offset)
MOVES(read, READ, void *, , )
MOVES(pread, READ, void *, COMMA off_t offset, COMMA offset)
MOVES(pread64, READ, void *, COMMA off64_t offset, COMMA offset)

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
	ssize_t (*next)(int, const struct iovec *, int) = NEXT(writev, ssize_t(*)(int, const struct iovec *, int));
	struct iovec half = parts[0];
	if (half.iov_len > 1) half.iov_len /= 2;
	switch (judge_descriptor(WRITE, descriptor)) {
	case FAIL: return -1;
	case HALF: return next(descriptor, &half, 1);
	case HALF_AND_KILL:
		next(descriptor, &half, 1);
		syscall(SYS_kill, getpid(), SIGKILL);
		/* fall through */
	default: return next(descriptor, parts, count);
	}
}

#define ON_DESCRIPTOR(name, kind, extra, pass)                                                                         \
	int name(int descriptor extra) {                                                                                   \
		if (judge_descriptor(kind, descriptor) == FAIL) return -1;                                                     \
		return NEXT(name, int (*)(int extra))(descriptor pass);                                                        \
	}
ON_DESCRIPTOR(fsync, SYNC, , )
ON_DESCRIPTOR(fdatasync, SYNC, , )
ON_DESCRIPTOR(ftruncate, TRUNCATE, COMMA off_t length, COMMA length)
ON_DESCRIPTOR(ftruncate64, TRUNCATE, COMMA off64_t length, COMMA length)

#ifdef __x86_64__
/*
 * Rust's tempfile renames without libc. So the kernel hands every rename to a handler of SIGSYS, but those that bear a mark
 * in an argument which no rename has.
 */
#define MARK 0x57a1

static void on_rename(int signal, siginfo_t *information, void *context) {
	(void)signal;
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	long number = information->si_syscall, error;
	int saved = errno;
	long to = number == SYS_rename ? registers[REG_RSI] : registers[REG_R10];
	int folder = number == SYS_rename ? AT_FDCWD : (int)registers[REG_RDX];
	if (judge_path(RENAME, folder, (const char *)to) == FAIL) {
		error = -errno;
	} else {
		error = syscall(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
		                registers[REG_R8], (long)MARK);
		if (error < 0) error = -errno;
	}
	registers[REG_RAX] = error;
	errno = saved;
}

static void catch_renames(void) {
	struct sigaction action = {.sa_sigaction = on_rename, .sa_flags = SA_SIGINFO | SA_NODEFER};
	NEXT(sigaction, int (*)(int, const struct sigaction *, struct sigaction *))(SIGSYS, &action, NULL);
#define TRAPS(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3), \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP), \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		TRAPS(SYS_rename),
		TRAPS(SYS_renameat),
		TRAPS(SYS_renameat2),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) abort();
}

/* Node sets all signals back as it starts, and some threads block them. */
int sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
	if (signal == SIGSYS) return 0;
	return NEXT(sigaction, int (*)(int, const struct sigaction *, struct sigaction *))(signal, action, old);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
	sigset_t without;
	if (set) {
		without = *set;
		if (how != SIG_UNBLOCK) sigdelset(&without, SIGSYS);
		set = &without;
	}
	return NEXT(pthread_sigmask, int (*)(int, const sigset_t *, sigset_t *))(how, set, old);
}
#else
static void catch_renames(void) {}

int rename(const char *from, const char *to) {
	if (judge_path(RENAME, AT_FDCWD, to) == FAIL) return -1;
	return NEXT(rename, int (*)(const char *, const char *))(from, to);
}
#endif

int mkdir(const char *file, mode_t mode) {
	if (judge_path(MKDIR, AT_FDCWD, file) == FAIL) return -1;
	return NEXT(mkdir, int (*)(const char *, mode_t))(file, mode);
}

char *mkdtemp(char *template) {
	if (judge_path(MKDIR, AT_FDCWD, template) == FAIL) return NULL;
	return NEXT(mkdtemp, char *(*)(char *))(template);
}

int unlink(const char *file) {
	if (judge_path(UNLINK, AT_FDCWD, file) == FAIL) return -1;
	return NEXT(unlink, int (*)(const char *))(file);
}

int unlinkat(int folder, const char *file, int flags) {
	if (judge_path(UNLINK, folder, file) == FAIL) return -1;
	return NEXT(unlinkat, int (*)(int, const char *, int))(folder, file, flags);
}

int rmdir(const char *file) {
	if (judge_path(UNLINK, AT_FDCWD, file) == FAIL) return -1;
	return NEXT(rmdir, int (*)(const char *))(file);
}

int symlink(const char *target, const char *file) {
	if (judge_path(CREATE, AT_FDCWD, file) == FAIL) return -1;
	return NEXT(symlink, int (*)(const char *, const char *))(target, file);
}

int link(const char *from, const char *to) {
	if (judge_path(CREATE, AT_FDCWD, to) == FAIL) return -1;
	return NEXT(link, int (*)(const char *, const char *))(from, to);
}

#define LISTS(name, entry)                                                                                             \
	int name(const char *folder, struct entry ***found, int (*wanted)(const struct entry *),                           \
	         int (*order)(const struct entry **, const struct entry **)) {                                             \
		if (judge_path(LIST, AT_FDCWD, folder) == FAIL) return -1;                                                     \
		return NEXT(name, int (*)(const char *, struct entry ***, int (*)(const struct entry *),                       \
		                          int (*)(const struct entry **, const struct entry **)))(folder, found, wanted,       \
		                                                                                  order);                      \
	}
LISTS(scandir, dirent)
LISTS(scandir64, dirent64)

DIR *opendir(const char *folder) {
	if (judge_path(LIST, AT_FDCWD, folder) == FAIL) return NULL;
	return NEXT(opendir, DIR *(*)(const char *))(folder);
}

static long put_back(void) { return clock_back && counting() && state->struck ? clock_back : 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
	int result = syscall(SYS_clock_gettime, clock, time);
	if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec -= put_back();
	return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
	int result = syscall(SYS_gettimeofday, time, zone);
	if (result == 0) time->tv_sec -= put_back();
	return result;
}
