// Stands before the C library in the server's process, and makes writes and syncs below one directory slow or fail.
// What to do stands in a file that a test rewrites: "delay MILLISECONDS", "error ERRNO", or nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_meant(int file) {
  const char *directory = getenv("SLOW_DISK_DIRECTORY");
  char link[64], path[4096];
  if (directory == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, directory, strlen(directory)) == 0;
}

/** Answers 0 when the call may go on, else the error it has to fail with. */
static int meddle(int file) {
  const char *control = getenv("SLOW_DISK_CONTROL");
  char text[64] = "";
  if (control == NULL || !is_meant(file)) return 0;
  int order = open(control, O_RDONLY | O_CLOEXEC);
  if (order < 0) return 0;
  ssize_t length = pread(order, text, sizeof text - 1, 0);
  close(order);
  if (length <= 0) return 0;
  int number = 0;
  if (sscanf(text, "error %d", &number) == 1) return number;
  if (sscanf(text, "delay %d", &number) == 1) {
    struct timespec pause = {number / 1000, (number % 1000) * 1000000L};
    nanosleep(&pause, NULL);
  }
  return 0;
}

#define STAND_BEFORE(result, name, parameters, arguments)             \
  result name parameters {                                            \
    static result(*next) parameters;                                  \
    if (next == NULL) next = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
    int failure = meddle(file);                                       \
    if (failure != 0) {                                               \
      errno = failure;                                                \
      return -1;                                                      \
    }                                                                 \
    return next arguments;                                            \
  }

STAND_BEFORE(ssize_t, pwrite, (int file, const void *bytes, size_t length, off_t at), (file, bytes, length, at))
STAND_BEFORE(ssize_t, pwrite64, (int file, const void *bytes, size_t length, off64_t at), (file, bytes, length, at))
STAND_BEFORE(ssize_t, pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
STAND_BEFORE(ssize_t, pwritev64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))
STAND_BEFORE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
STAND_BEFORE(int, fsync, (int file), (file))
STAND_BEFORE(int, fdatasync, (int file), (file))
