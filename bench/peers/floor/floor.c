/* floor: the least that a client of HTTP/1.1 can do that does not pipeline. For each request one write, one read and a
 * share of an epoll_wait; a request is built from the next line of a file, an answer is checked for its status and length.
 *
 *   cc -O2 -o floor floor.c
 *   floor PORT CONNECTIONS TARGETS                     each target once, as fast as the connections allow
 *   floor PORT CONNECTIONS TARGETS SCHEDULE [SLACK]    each when it is due: SCHEDULE holds an int64 of nanoseconds from the
 *                                                      start a target; it never sleeps for less than SLACK nanoseconds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct text { const char *at, *end; };
static struct text targets, schedule;

static void die(const char *what) { perror(what); exit(1); }

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct text map(const char *path) {
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st)) die(path);
	const char *at = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED) die(path);
	return (struct text){at, at + st.st_size};
}

/* send_next writes the next target to a connection. */
static void send_next(int fd) {
	static const char tail[] = " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.1000.100 Safari/537.36\r\n\r\n";
	static char request[16384] = "GET ";
	const char *eol = memchr(targets.at, '\n', targets.end - targets.at);
	size_t n = eol - targets.at;
	if (n > sizeof request - sizeof tail - 4) { fprintf(stderr, "target of %zu bytes\n", n); exit(1); }
	memcpy(request + 4, targets.at, n);
	memcpy(request + 4 + n, tail, sizeof tail - 1);
	n += 4 + sizeof tail - 1;
	targets.at = eol + 1;
	if (write(fd, request, n) != (ssize_t)n) die("write");
}

/* receive reads an answer whole: small ones arrive so. 0: there was none yet. */
static int receive(int fd) {
	char buf[16384];
	ssize_t n = read(fd, buf, sizeof buf);
	if (n < 0 && errno == EAGAIN) return 0;
	if (n <= 0) die("read");
	char *body = memmem(buf, n, "\r\n\r\n", 4), *length = memmem(buf, n, "Content-Length: ", 16);
	if (memcmp(buf, "HTTP/1.1 200", 12) || !body || !length || body + 4 + atoi(length + 16) != buf + n) {
		fprintf(stderr, "not the answer: %.*s\n", (int)n, buf);
		exit(1);
	}
	return 1;
}

int main(int argc, char **argv) {
	if (argc < 4) { fprintf(stderr, "usage: floor PORT CONNECTIONS TARGETS [SCHEDULE [SLACK]]\n"); return 2; }
	int connections = atoi(argv[2]), idle = 0, one = 1, ep = epoll_create1(0);
	int *fds = calloc(connections, sizeof *fds);
	int64_t slack = argc > 5 ? atoll(argv[5]) : 0;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	targets = map(argv[3]);
	if (argc > 4) schedule = map(argv[4]);
	const int64_t *due = (const int64_t *)schedule.at;
	prctl(PR_SET_TIMERSLACK, 1);
	while (idle < connections) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (void *)&to, sizeof to)) die("connect");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
		fds[idle++] = fd;
	}
	int64_t start = now();
	struct epoll_event events[256];
	while (targets.at < targets.end || idle < connections) {
		struct timespec wait = {1, 0};
		while (idle && targets.at < targets.end) {
			int64_t left = due ? start + *due - now() : 0;
			if (left > 0) {
				if (left < slack) left = slack;
				if (left < 1000000000) wait = (struct timespec){0, left};
				break;
			}
			send_next(fds[--idle]);
			if (due) due++;
		}
		int n = epoll_pwait2(ep, events, 256, &wait, 0);
		for (int i = 0; i < n; i++)
			if (receive(events[i].data.fd)) fds[idle++] = events[i].data.fd;
	}
	return 0;
}
