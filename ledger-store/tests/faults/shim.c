/* Makes file operations fail on demand: preloaded by tests/faults.rs.
 *
 * FAULT_PATH   only on files whose path contains this
 * FAULT_ON     "read", "write" or "sync"
 * FAULT_AT     the number of the first call that fails, from 1
 * FAULT_COUNT  how many calls fail from there on
 * FAULT_ERRNO  with which error
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int concerns(int fd, const char *on) {
    static __thread int inside;
    const char *kind = getenv("FAULT_ON"), *part = getenv("FAULT_PATH");
    if (inside || !kind || !part || strcmp(kind, on) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    inside = 1;
    ssize_t length = readlink(link, path, sizeof path - 1);
    inside = 0;
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, part) != NULL;
}

static int fails(int fd, const char *on) {
    static atomic_long calls;
    if (!concerns(fd, on)) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    long at = atol(getenv("FAULT_AT")), count = atol(getenv("FAULT_COUNT"));
    if (call < at || call - at >= count) return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *b, size_t n) {
    return fails(fd, "write") ? -1 : REAL(write)(fd, b, n);
}
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) {
    return fails(fd, "write") ? -1 : REAL(pwrite)(fd, b, n, o);
}
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) {
    return fails(fd, "write") ? -1 : REAL(pwrite64)(fd, b, n, o);
}
int ftruncate(int fd, off_t n) {
    return fails(fd, "write") ? -1 : REAL(ftruncate)(fd, n);
}
int ftruncate64(int fd, off64_t n) {
    return fails(fd, "write") ? -1 : REAL(ftruncate64)(fd, n);
}
ssize_t read(int fd, void *b, size_t n) {
    return fails(fd, "read") ? -1 : REAL(read)(fd, b, n);
}
ssize_t pread(int fd, void *b, size_t n, off_t o) {
    return fails(fd, "read") ? -1 : REAL(pread)(fd, b, n, o);
}
ssize_t pread64(int fd, void *b, size_t n, off64_t o) {
    return fails(fd, "read") ? -1 : REAL(pread64)(fd, b, n, o);
}
int fsync(int fd) {
    return fails(fd, "sync") ? -1 : REAL(fsync)(fd);
}
int fdatasync(int fd) {
    return fails(fd, "sync") ? -1 : REAL(fdatasync)(fd);
}
