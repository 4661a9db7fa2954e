#pragma once
/* No _GNU_SOURCE: it would give fd_set another shape than in the other modules, and Swift refuses two shapes. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* accept4 hides behind _GNU_SOURCE, which the Glibc module does not set. */
int accept4(int, struct sockaddr *, socklen_t *, int);

/* So does the choice of the folder a spawned program starts in. */
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);

/* So does the search for bytes in bytes. */
void *memmem(const void *, size_t, const void *, size_t);

/* The C constants differ in type (enum, int, unsigned); each is given one here. */
static const uint32_t sluice_epollin = EPOLLIN;
static const uint32_t sluice_epollout = EPOLLOUT;
static const uint32_t sluice_epollrdhup = EPOLLRDHUP;
static const uint32_t sluice_epollerr = EPOLLERR;
static const uint32_t sluice_epollhup = EPOLLHUP;
static const uint32_t sluice_epollet = 1u << 31;

static inline int sluice_accept(int listener) {
    return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int sluice_accept_from(int listener, struct sockaddr_storage *peer) {
    socklen_t length = sizeof *peer;
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int sluice_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline ssize_t sluice_send(int fd, const void *bytes, size_t count) {
    return send(fd, bytes, count, MSG_NOSIGNAL);
}

/* The kinds of limit are an enum in one mode and numbers in another. Returns what holds then. */
static inline uint64_t sluice_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

/* epoll_event is packed on x86-64; filling it in C keeps its layout out of Swift. */
static inline int sluice_epoll_add(int epoll, int fd, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static inline int sluice_epoll_modify(int epoll, int fd, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static inline int sluice_epoll_delete(int epoll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}

/* Names a thread for top and gdb; at most 15 bytes. */
int pthread_setname_np(pthread_t, const char *);

static inline int sluice_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline int sluice_signalfd(const sigset_t *set) {
    return signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
}
