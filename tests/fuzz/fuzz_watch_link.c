/* What comes over a connection of the watch, by a pair of sockets without a network: any bytes, in pieces of any
 * length, are beats of the known kinds or close the connection, and only who knows the token is a rank.
 *
 * The first byte of an input is the length of the pieces. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm/watch_link.h"
#include "fuzz.h"

enum { MOST_BYTES = 4096 }; /* fits the pair's buffer */

typedef struct connection {
    int near, far;
} connection;

static void connection_open(connection *pair)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        abort();
    *pair = (connection){sockets[0], sockets[1]};
}

static void bytes_send(const connection *pair, const uint8_t *data, size_t size)
{
    if (send(pair->far, data, size, MSG_NOSIGNAL) != (ssize_t)size)
        abort();
}

/* False where the connection is to be closed. */
static int beats_read(vqc_watch_link *link)
{
    vqc_watch_beat beat;
    vqc_watch_reading reading;
    while ((reading = vqc_watch_link_read(link, &beat)) == VQC_WATCH_BEAT)
        if (beat.state < VQC_WATCH_ALIVE || beat.state > VQC_WATCH_MISSING)
            abort();
    return reading == VQC_WATCH_NOTHING;
}

static void beats_check(const uint8_t *data, size_t size, size_t piece)
{
    connection pair;
    connection_open(&pair);
    vqc_watch_link link = {.socket = pair.near};
    int open = 1;
    for (size_t at = 0; at < size && open; at += piece) {
        bytes_send(&pair, data + at, size - at < piece ? size - at : piece);
        open = beats_read(&link);
    }
    (void)close(pair.far);
    if (open && beats_read(&link))
        abort(); /* the other end is closed */
    vqc_watch_link_close(&link);
}

static void call_check(const uint8_t *data, size_t size, size_t piece)
{
    const vqc_watch_address address = {.call = "sixteen letters", .answer = "and its answer."};
    connection pair;
    connection_open(&pair);
    vqc_watch_caller caller = {.socket = pair.near};
    vqc_watch_reading reading = VQC_WATCH_NOTHING;
    int rank = -1;
    for (size_t at = 0; at < size && reading == VQC_WATCH_NOTHING; at += piece) {
        bytes_send(&pair, data + at, size - at < piece ? size - at : piece);
        reading = vqc_watch_caller_read(&caller, &address, &rank);
    }
    if (reading == VQC_WATCH_BEAT && memcmp(data, address.call, VQC_WATCH_TOKEN_BYTES) != 0)
        abort();
    if (reading != VQC_WATCH_BEAT && rank != -1)
        abort();
    (void)close(pair.far);
    (void)close(pair.near);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > MOST_BYTES)
        return 0;
    size_t piece = (size_t)data[0] + 1;
    beats_check(data + 1, size - 1, piece);
    call_check(data + 1, size - 1, piece);
    return 0;
}
