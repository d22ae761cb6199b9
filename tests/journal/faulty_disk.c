/* Makes the n-th write, sync, truncation or rename under a directory fail: preloaded by the tests of disk faults. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int armed_kind, countdown, fired, code;
static char directory[PATH_MAX];

/* kind: 1 writes, 2 short writes, 3 syncs, 4 truncations, 5 renames */
void faulty_arm(int kind, int nth, int error, const char *below) {
    snprintf(directory, sizeof directory, "%s", below);
    fired = 0; code = error; countdown = nth; armed_kind = kind;
}
int faulty_disarm(void) { armed_kind = 0; return fired; }

static int below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return strncmp(path, directory, strlen(directory)) == 0;
}
/* Once a disk has failed it goes on failing until it is disarmed: that is how full disks behave. */
static int fails(int kind) { return armed_kind == kind && (fired || --countdown == 0) ? (fired = 1) : 0; }
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t short_or_error(int fd, const void *data, size_t size, off64_t at) {
    if (below(fd) && fails(1)) { errno = code; return -1; }
    if (below(fd) && fails(2)) { errno = code; return size > 1 ? REAL(pwrite64)(fd, data, size / 2, at) : -1; }
    return -2;
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    ssize_t done = armed_kind ? short_or_error(fd, data, size, at) : -2;
    return done == -2 ? REAL(pwrite64)(fd, data, size, at) : done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }
ssize_t write(int fd, const void *data, size_t size) {
    if (armed_kind == 1 && below(fd) && fails(1)) { errno = code; return -1; }
    return REAL(write)(fd, data, size);
}
int fsync(int fd) {
    if (armed_kind == 3 && below(fd) && fails(3)) { errno = code; return -1; }
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    if (armed_kind == 3 && below(fd) && fails(3)) { errno = code; return -1; }
    return REAL(fdatasync)(fd);
}
int ftruncate64(int fd, off64_t size) {
    if (armed_kind == 4 && below(fd) && fails(4)) { errno = code; return -1; }
    return REAL(ftruncate64)(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int rename(const char *from, const char *to) {
    if (armed_kind == 5 && strncmp(to, directory, strlen(directory)) == 0 && fails(5)) { errno = code; return -1; }
    return REAL(rename)(from, to);
}
