/* Faults on demand: preloaded into a program, it counts the calls by which that program writes (and starts
 * others), and at the n-th of them ends the program as SIGKILL does, fails that call, or lets another go first.
 *
 *   FAULT_AT=n       the call at which it happens, counted from 1 over all threads
 *   FAULT_CALL=name  counts only the calls of that name
 *   FAULT_KIND=kill  or eio, enospc, eintr: that call alone; eio-on, enospc-on: from that call on
 *   FAULT_KIND=run   a shell runs FAULT_RUN to its end before the call is made
 *   FAULT_LOG=FILE   gets one line for each counted call
 *   FAULT_CLOCK=n    the time of day is n seconds ahead of the machine's
 *
 * The names are those of the C library, through which Swift, SQLite and everything else here go. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic long calls;
static long at, ahead;
static int number, goes_on, kills;
static const char *only, *other;
static int record = -1;
static pid_t owner;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND"), *log = getenv("FAULT_LOG");
    const char *clock = getenv("FAULT_CLOCK");
    at = text ? atol(text) : 0;
    ahead = clock ? atol(clock) : 0;
    kind = kind ? kind : "kill";
    only = getenv("FAULT_CALL");
    kills = strcmp(kind, "kill") == 0;
    other = strcmp(kind, "run") == 0 ? getenv("FAULT_RUN") : 0;
    number = strncmp(kind, "enospc", 6) == 0 ? ENOSPC : strcmp(kind, "eintr") == 0 ? EINTR : EIO;
    goes_on = strlen(kind) > 3 && strcmp(kind + strlen(kind) - 3, "-on") == 0;
    owner = getpid();
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    if (log) record = real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Lets a shell do its work, without this library in it. */
static void let_other_run(void) {
    static char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0};
    char *const arguments[] = {"sh", "-c", (char *)other, 0};
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                char *const[], char *const[]) = dlsym(RTLD_NEXT, "posix_spawn");
    pid_t child;
    if (real(&child, "/bin/sh", 0, 0, arguments, environment) != 0) abort();
    while (waitpid(child, 0, 0) < 0 && errno == EINTR) {}
}

/* Whether this call has to fail. Children of a fork are left alone: they are other programs in the making. */
static int fault(const char *call, const char *name) {
    if (getpid() != owner || (only && strcmp(only, call) != 0)) return 0;
    long turn = atomic_fetch_add(&calls, 1) + 1;
    if (record >= 0) {
        char line[512];
        int length = snprintf(line, sizeof line, "%ld %s %s\n", turn, call, name ? name : "");
        ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        if (length > 0) real(record, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    }
    if (at == 0 || turn < at || (turn > at && !goes_on)) return 0;
    if (kills) kill(getpid(), SIGKILL);
    if (other) {
        let_other_run();
        return 0;
    }
    errno = number;
    return 1;
}

/* What goes to a terminal, a pipe or a socket is no write to the host. */
static int is_file(int file) {
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))
#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) {
    MODE(flags)
    REAL(int, "open", const char *, int, ...);
    return WRITES(flags) && fault("open", path) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    REAL(int, "open64", const char *, int, ...);
    return WRITES(flags) && fault("open", path) ? -1 : real(path, flags, mode);
}
int openat(int directory, const char *path, int flags, ...) {
    MODE(flags)
    REAL(int, "openat", int, const char *, int, ...);
    return WRITES(flags) && fault("openat", path) ? -1 : real(directory, path, flags, mode);
}
int openat64(int directory, const char *path, int flags, ...) {
    MODE(flags)
    REAL(int, "openat64", int, const char *, int, ...);
    return WRITES(flags) && fault("openat", path) ? -1 : real(directory, path, flags, mode);
}
ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return is_file(file) && fault("write", 0) ? -1 : real(file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return is_file(file) && fault("pwrite", 0) ? -1 : real(file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return is_file(file) && fault("pwrite", 0) ? -1 : real(file, bytes, count, offset);
}
int fsync(int file) {
    REAL(int, "fsync", int);
    return fault("fsync", 0) ? -1 : real(file);
}
int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    return fault("fdatasync", 0) ? -1 : real(file);
}
int ftruncate(int file, off_t length) {
    REAL(int, "ftruncate", int, off_t);
    return fault("ftruncate", 0) ? -1 : real(file, length);
}
int ftruncate64(int file, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    return fault("ftruncate", 0) ? -1 : real(file, length);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return fault("rename", to) ? -1 : real(from, to);
}
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    return fault("renameat2", to) ? -1 : real(from_directory, from, to_directory, to, flags);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return fault("unlink", path) ? -1 : real(path);
}
int unlinkat(int directory, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    return fault("unlinkat", path) ? -1 : real(directory, path, flags);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return fault("mkdir", path) ? -1 : real(path, mode);
}
int fchown(int file, uid_t user, gid_t group) {
    REAL(int, "fchown", int, uid_t, gid_t);
    return fault("fchown", 0) ? -1 : real(file, user, group);
}
int fchmod(int file, mode_t mode) {
    REAL(int, "fchmod", int, mode_t);
    return fault("fchmod", 0) ? -1 : real(file, mode);
}
int fsetxattr(int file, const char *name, const void *value, size_t size, int flags) {
    REAL(int, "fsetxattr", int, const char *, const void *, size_t, int);
    return fault("fsetxattr", name) ? -1 : real(file, name, value, size, flags);
}
int connect(int socket, const struct sockaddr *address, socklen_t length) {
    REAL(int, "connect", int, const struct sockaddr *, socklen_t);
    return fault("connect", 0) ? -1 : real(socket, address, length);
}
int posix_spawn(
    pid_t *child, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const arguments[], char *const environment[]) {
    REAL(int, "posix_spawn", pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
         char *const[], char *const[]);
    return fault("posix_spawn", path) ? number : real(child, path, actions, attributes, arguments, environment);
}
pid_t fork(void) {
    REAL(pid_t, "fork", void);
    return fault("fork", 0) ? -1 : real();
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += ahead;
    return result;
}
