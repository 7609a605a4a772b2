// A layer under a program (LD_PRELOAD) that notes in a journal all that it does to one folder, in order: from that, the
// folder can be made as it would be after the power was cut, with what was not synced forgotten or torn.
//
// A record is a header, two paths and data; see power-journal.ts, which reads it. Syncs are noted and not carried out.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAXIMUM_FILES 65536
#define MAGIC 0x4c52574fu

enum { OPEN = 1, WRITE, TRUNCATE, SYNC_FILE, SYNC_FOLDER, RENAME, UNLINK, MKDIR, LINK };
enum { NONE = 0, FILE_KIND, FOLDER_KIND };

struct header {
  uint32_t magic, operation;
  uint64_t inode, offset, length;
  uint32_t first, second;
};

struct opened {
  char kind;
  uint64_t inode, device;
  char *path;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct opened files[MAXIMUM_FILES];
static char folder[PATH_MAX];
static int journal = -1;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_link)(const char *, const char *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
  FIND(open); FIND(close); FIND(write); FIND(writev); FIND(pwrite); FIND(pwritev); FIND(ftruncate);
  FIND(rename); FIND(unlink); FIND(unlinkat); FIND(mkdir); FIND(link); FIND(fsync); FIND(fdatasync);
  const char *where = getenv("POWER_LAYER_FOLDER"), *path = getenv("POWER_LAYER_JOURNAL");
  if (!where || !path || strlen(where) >= PATH_MAX) return;
  strcpy(folder, where);
  journal = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// The path within the folder, in `whole`; 0 when it lies elsewhere, or is the index of SQLite's log, which is shared memory.
static int inside(const char *path, char *whole) {
  if (journal < 0 || !path) return 0;
  if (path[0] == '/') {
    if (strlen(path) >= PATH_MAX) return 0;
    strcpy(whole, path);
  } else {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return 0;
    while (path[0] == '.' && path[1] == '/') path += 2;
    if (snprintf(whole, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return 0;
  }
  size_t length = strlen(whole), base = strlen(folder);
  while (length > 1 && whole[length - 1] == '/') whole[--length] = 0;
  if (strncmp(whole, folder, base) != 0 || (whole[base] != '/' && whole[base] != 0)) return 0;
  return !(length > 4 && strcmp(whole + length - 4, "-shm") == 0);
}

static void note(uint32_t operation, uint64_t inode, uint64_t offset, const char *first, const char *second,
                 const struct iovec *data, int count, uint64_t length) {
  struct header header = {MAGIC, operation, inode, offset, length, first ? strlen(first) : 0, second ? strlen(second) : 0};
  size_t size = sizeof header + header.first + header.second + length;
  char *record = malloc(size), *next = record;
  memcpy(next, &header, sizeof header); next += sizeof header;
  if (first) memcpy(next, first, header.first);
  next += header.first;
  if (second) memcpy(next, second, header.second);
  next += header.second;
  for (int index = 0; index < count && length > 0; index++) {
    size_t part = data[index].iov_len < length ? data[index].iov_len : length;
    memcpy(next, data[index].iov_base, part);
    next += part;
    length -= part;
  }
  for (size_t written = 0; written < size;) {
    ssize_t more = real_write(journal, record + written, size - written);
    if (more < 0 && errno != EINTR) abort();
    if (more > 0) written += more;
  }
  free(record);
}

// Node closes files by calling the kernel itself, so the number may be another file's, or a socket's, by now.
static struct opened *known(int file) {
  if (file < 0 || file >= MAXIMUM_FILES || files[file].kind == NONE) return NULL;
  struct stat found;
  int error = errno, is_same = fstat(file, &found) == 0 && found.st_ino == files[file].inode && found.st_dev == files[file].device;
  errno = error;
  return is_same ? &files[file] : NULL;
}

static int note_open(const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  if (!inside(path, whole)) return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int file = real_open(path, flags, mode), error = errno;
  struct stat found;
  if (file >= 0 && file < MAXIMUM_FILES && fstat(file, &found) == 0) {
    free(files[file].path);
    files[file] = (struct opened){S_ISDIR(found.st_mode) ? FOLDER_KIND : FILE_KIND, found.st_ino, found.st_dev, strdup(whole)};
    if (!S_ISDIR(found.st_mode)) note(OPEN, found.st_ino, found.st_mode & 07777, whole, flags & O_TRUNC ? "t" : NULL, NULL, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return file;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return note_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return note_open(path, flags, mode);
}

int close(int file) {
  if (!known(file)) return real_close(file);
  pthread_mutex_lock(&lock);
  free(files[file].path);
  files[file] = (struct opened){NONE, 0, 0, NULL};
  int result = real_close(file), error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

// Runs a write, and notes where its bytes went: `offset` is where it was told to, or -1 for where the file stands.
static ssize_t note_write(int file, const struct iovec *data, int count, off_t offset) {
  pthread_mutex_lock(&lock);
  ssize_t size = offset < 0 ? real_writev(file, data, count) : real_pwritev(file, data, count, offset);
  int error = errno;
  if (size > 0) {
    off_t start = offset < 0 ? lseek(file, 0, SEEK_CUR) - size : offset;
    note(WRITE, files[file].inode, start, NULL, NULL, data, count, size);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return size;
}

ssize_t write(int file, const void *bytes, size_t size) {
  if (!known(file)) return real_write(file, bytes, size);
  struct iovec data = {(void *)bytes, size};
  return note_write(file, &data, 1, -1);
}

ssize_t writev(int file, const struct iovec *data, int count) {
  return known(file) ? note_write(file, data, count, -1) : real_writev(file, data, count);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
  if (!known(file)) return real_pwrite(file, bytes, size, offset);
  struct iovec data = {(void *)bytes, size};
  return note_write(file, &data, 1, offset);
}

ssize_t pwritev(int file, const struct iovec *data, int count, off_t offset) {
  return known(file) ? note_write(file, data, count, offset) : real_pwritev(file, data, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset) { return pwrite(file, bytes, size, offset); }
ssize_t pwritev64(int file, const struct iovec *data, int count, off_t offset) { return pwritev(file, data, count, offset); }

int ftruncate(int file, off_t length) {
  if (!known(file)) return real_ftruncate(file, length);
  pthread_mutex_lock(&lock);
  int result = real_ftruncate(file, length), error = errno;
  if (result == 0) note(TRUNCATE, files[file].inode, length, NULL, NULL, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

static int note_sync(int file, int (*real_sync)(int)) {
  if (!known(file)) return real_sync(file);
  pthread_mutex_lock(&lock);
  note(files[file].kind == FOLDER_KIND ? SYNC_FOLDER : SYNC_FILE, files[file].inode, 0, files[file].path, NULL, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  return 0;
}

int fsync(int file) { return note_sync(file, real_fsync); }
int fdatasync(int file) { return note_sync(file, real_fdatasync); }

int rename(const char *from, const char *to) {
  char first[PATH_MAX], second[PATH_MAX];
  if (!inside(from, first) || !inside(to, second)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to), error = errno;
  if (result == 0) note(RENAME, 0, 0, first, second, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int link(const char *from, const char *to) {
  char first[PATH_MAX], second[PATH_MAX];
  if (!inside(from, first) || !inside(to, second)) return real_link(from, to);
  pthread_mutex_lock(&lock);
  int result = real_link(from, to), error = errno;
  if (result == 0) note(LINK, 0, 0, first, second, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int unlink(const char *path) {
  char whole[PATH_MAX];
  if (!inside(path, whole)) return real_unlink(path);
  pthread_mutex_lock(&lock);
  int result = real_unlink(path), error = errno;
  if (result == 0) note(UNLINK, 0, 0, whole, NULL, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int unlinkat(int at, const char *path, int flags) {
  return at == AT_FDCWD && flags == 0 ? unlink(path) : real_unlinkat(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  char whole[PATH_MAX];
  if (!inside(path, whole)) return real_mkdir(path, mode);
  pthread_mutex_lock(&lock);
  int result = real_mkdir(path, mode), error = errno;
  if (result == 0) note(MKDIR, 0, mode, whole, NULL, NULL, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}
