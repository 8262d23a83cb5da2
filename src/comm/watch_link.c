#include "comm/watch_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MILLISECONDS = 2000 };

/* ---- beats ---- */

static void beat_encode(const vqc_watch_beat *beat, unsigned char bytes[VQC_WATCH_BEAT_BYTES])
{
    const uint32_t subject = htonl((uint32_t)beat->subject);
    memset(bytes, 0, VQC_WATCH_BEAT_BYTES);
    bytes[0] = (unsigned char)beat->state;
    bytes[1] = beat->stop;
    memcpy(bytes + 4, &subject, sizeof subject);
}

/* False where the bytes are no beat. */
static bool beat_decode(const unsigned char bytes[VQC_WATCH_BEAT_BYTES], vqc_watch_beat *beat)
{
    uint32_t subject;
    memcpy(&subject, bytes + 4, sizeof subject);
    *beat =
        (vqc_watch_beat){.state = (vqc_watch_state)bytes[0], .stop = bytes[1] != 0, .subject = (int)ntohl(subject)};
    return bytes[0] >= VQC_WATCH_ALIVE && bytes[0] <= VQC_WATCH_MISSING;
}

/* Sends as much of the remainder as fits. */
static void remainder_send(vqc_watch_link *link)
{
    ssize_t sent = send(link->socket, link->out, link->out_size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0)
        return;
    link->out_size -= (size_t)sent;
    memmove(link->out, link->out + sent, link->out_size);
}

void vqc_watch_link_send(vqc_watch_link *link, const vqc_watch_beat *beat)
{
    if (link->out_size > 0)
        remainder_send(link);
    if (link->out_size > 0)
        return;
    beat_encode(beat, link->out);
    link->out_size = VQC_WATCH_BEAT_BYTES;
    remainder_send(link);
    if (link->out_size == VQC_WATCH_BEAT_BYTES)
        link->out_size = 0; /* nothing of it went out */
}

/* Reads up to `wanted` bytes in all into the buffer. */
static vqc_watch_reading bytes_read(int socket, unsigned char *buffer, size_t *size, size_t wanted)
{
    ssize_t got = recv(socket, buffer + *size, wanted - *size, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? VQC_WATCH_NOTHING : VQC_WATCH_CLOSED;
    if (got == 0)
        return VQC_WATCH_CLOSED;
    *size += (size_t)got;
    return *size == wanted ? VQC_WATCH_BEAT : VQC_WATCH_NOTHING;
}

vqc_watch_reading vqc_watch_link_read(vqc_watch_link *link, vqc_watch_beat *beat_out)
{
    vqc_watch_reading reading = bytes_read(link->socket, link->in, &link->in_size, VQC_WATCH_BEAT_BYTES);
    if (reading != VQC_WATCH_BEAT)
        return reading;
    link->in_size = 0;
    return beat_decode(link->in, beat_out) ? VQC_WATCH_BEAT : VQC_WATCH_CLOSED;
}

void vqc_watch_link_close(vqc_watch_link *link)
{
    if (link->socket >= 0)
        (void)close(link->socket);
    link->socket = -1;
}

/* ---- rank 0: the port, and who calls ---- */

/* Adds the addresses under which other hosts may reach this one, then the loopback address. */
static vqc_status hosts_list(vqc_watch_address *address, vqc_error *error)
{
    struct ifaddrs *interfaces;
    if (getifaddrs(&interfaces) != 0)
        return vqc_error_set(error, VQC_FAILED, "the network interfaces cannot be listed: %s", strerror(errno));
    address->count = 0;
    for (const struct ifaddrs *at = interfaces; at && address->count < VQC_WATCH_ADDRESSES - 1; at = at->ifa_next) {
        const unsigned int wanted = IFF_UP | IFF_RUNNING;
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || (at->ifa_flags & wanted) != wanted ||
            (at->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        struct sockaddr_in host;
        memcpy(&host, at->ifa_addr, sizeof host);
        address->hosts[address->count++] = host.sin_addr.s_addr;
    }
    freeifaddrs(interfaces);
    address->hosts[address->count++] = htonl(INADDR_LOOPBACK);
    return VQC_OK;
}

static vqc_status socket_failed(const char *action, vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "the watch over the ranks cannot %s: %s", action, strerror(errno));
}

/* Makes the socket a listening one on a free port. */
static vqc_status port_open(int listener, uint16_t *port_out, vqc_error *error)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof name;
    if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&name, &size) != 0)
        return socket_failed("open a port", error);
    *port_out = ntohs(name.sin_port);
    return VQC_OK;
}

vqc_status vqc_watch_listen(int *socket_out, vqc_watch_address *address_out, vqc_error *error)
{
    *address_out = (vqc_watch_address){0};
    VQC_TRY(hosts_list(address_out, error));
    if (getrandom(address_out->call, VQC_WATCH_TOKEN_BYTES, 0) != VQC_WATCH_TOKEN_BYTES ||
        getrandom(address_out->answer, VQC_WATCH_TOKEN_BYTES, 0) != VQC_WATCH_TOKEN_BYTES)
        return socket_failed("get random numbers", error);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return socket_failed("make a socket", error);
    vqc_status status = port_open(listener, &address_out->port, error);
    if (status != VQC_OK) {
        (void)close(listener);
        return status;
    }
    *socket_out = listener;
    return VQC_OK;
}

vqc_watch_reading vqc_watch_caller_read(vqc_watch_caller *caller, const vqc_watch_address *address, int *rank_out)
{
    uint32_t rank;
    *rank_out = -1;
    vqc_watch_reading reading = bytes_read(caller->socket, caller->in, &caller->in_size, sizeof caller->in);
    if (reading != VQC_WATCH_BEAT)
        return reading;
    if (memcmp(caller->in, address->call, VQC_WATCH_TOKEN_BYTES) != 0)
        return VQC_WATCH_CLOSED;
    ssize_t sent = send(caller->socket, address->answer, VQC_WATCH_TOKEN_BYTES, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != VQC_WATCH_TOKEN_BYTES)
        return VQC_WATCH_CLOSED;
    memcpy(&rank, caller->in + VQC_WATCH_TOKEN_BYTES, sizeof rank);
    *rank_out = (int)ntohl(rank);
    return VQC_WATCH_BEAT;
}

/* ---- the other ranks ---- */

/* Waits until the socket can be read or written; false if that does not happen in time. */
static bool ready_wait(int socket, short events)
{
    struct pollfd entry = {.fd = socket, .events = events};
    int ready;
    do {
        ready = poll(&entry, 1, CONNECT_MILLISECONDS);
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/* Begins a connection and waits for its end. Sets errno where it fails. */
static bool connection_make(int connection, uint32_t host, uint16_t port)
{
    const struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = host};
    int failure = 0;
    socklen_t size = sizeof failure;
    if (connect(connection, (const struct sockaddr *)&name, sizeof name) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    errno = ETIMEDOUT;
    if (!ready_wait(connection, POLLOUT) || getsockopt(connection, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        return false;
    errno = failure;
    return failure == 0;
}

/* Says who calls, and checks the answer. */
static bool tokens_exchange(int connection, const vqc_watch_address *address, int rank)
{
    unsigned char call[VQC_WATCH_TOKEN_BYTES + 4];
    unsigned char answer[VQC_WATCH_TOKEN_BYTES];
    const uint32_t number = htonl((uint32_t)rank);
    memcpy(call, address->call, VQC_WATCH_TOKEN_BYTES);
    memcpy(call + VQC_WATCH_TOKEN_BYTES, &number, sizeof number);
    errno = EPROTO;
    if (send(connection, call, sizeof call, MSG_NOSIGNAL) != (ssize_t)sizeof call)
        return false;
    for (size_t size = 0; size < sizeof answer;) {
        if (!ready_wait(connection, POLLIN))
            return false;
        if (bytes_read(connection, answer, &size, sizeof answer) == VQC_WATCH_CLOSED)
            return false;
    }
    errno = EPROTO; /* what answers there is something else */
    return memcmp(answer, address->answer, sizeof answer) == 0;
}

static bool host_connect(const vqc_watch_address *address, uint32_t host, int rank, int *socket_out)
{
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return false;
    if (connection_make(connection, host, address->port) && tokens_exchange(connection, address, rank)) {
        *socket_out = connection;
        return true;
    }
    int failure = errno;
    (void)close(connection);
    errno = failure;
    return false;
}

vqc_status vqc_watch_connect(const vqc_watch_address *address, int rank, vqc_watch_link *link_out, vqc_error *error)
{
    char tried[VQC_WATCH_ADDRESSES * (INET_ADDRSTRLEN + 32)] = "";
    size_t size = 0;
    *link_out = (vqc_watch_link){.socket = -1};
    for (int i = 0; i < address->count; i++) {
        if (host_connect(address, address->hosts[i], rank, &link_out->socket))
            return VQC_OK;
        const char *reason = strerror(errno);
        char text[INET_ADDRSTRLEN] = "?";
        (void)inet_ntop(AF_INET, &address->hosts[i], text, sizeof text);
        int written = snprintf(tried + size, sizeof tried - size, "%s%s: %s", i == 0 ? "" : "; ", text, reason);
        size = written < 0 || size + (size_t)written >= sizeof tried ? sizeof tried - 1 : size + (size_t)written;
    }
    return vqc_error_set(error, VQC_FAILED, "cannot reach rank 0 on TCP port %u (%s)", (unsigned)address->port,
                         tried);
}
