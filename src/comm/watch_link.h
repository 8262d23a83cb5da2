#ifndef VQC_COMM_WATCH_LINK_H
#define VQC_COMM_WATCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The TCP connections of the watch: how the ranks find rank 0, and the beats that go over a connection. All failures
 * are VQC_FAILED: the system's, of sockets, or a peer that does not know the token. */

enum { VQC_WATCH_ADDRESSES = 16, VQC_WATCH_TOKEN_BYTES = 16, VQC_WATCH_BEAT_BYTES = 8 };

/* Where rank 0 can be reached, and what proves to each side that the other belongs to the launch. Plain memory, made
 * by rank 0 and handed to the other ranks through MPI. */
typedef struct vqc_watch_address {
    uint16_t port;
    int count;
    uint32_t hosts[VQC_WATCH_ADDRESSES];         /* IPv4, network byte order; the loopback address comes last */
    unsigned char call[VQC_WATCH_TOKEN_BYTES];   /* what a rank says first, before its number */
    unsigned char answer[VQC_WATCH_TOKEN_BYTES]; /* what rank 0 answers */
} vqc_watch_address;

/* What a rank says of itself with every beat. */
typedef enum vqc_watch_state {
    VQC_WATCH_ALIVE = 1,
    VQC_WATCH_LEAVING, /* its work is done: its end is no failure */
    VQC_WATCH_MISSING  /* rank 0 ends because of the rank that `subject` names */
} vqc_watch_state;

typedef struct vqc_watch_beat {
    vqc_watch_state state;
    bool stop; /* some rank has asked all to stop */
    int subject;
} vqc_watch_beat;

/* One connection. Embedded; a socket of -1 is a link that is not or no longer connected. */
typedef struct vqc_watch_link {
    int socket;
    unsigned char in[VQC_WATCH_BEAT_BYTES]; /* what has come of the next beat */
    size_t in_size;
    unsigned char out[VQC_WATCH_BEAT_BYTES]; /* what is left of a beat that went out in part */
    size_t out_size;
} vqc_watch_link;

/* What became of an attempt to read. */
typedef enum vqc_watch_reading { VQC_WATCH_NOTHING, VQC_WATCH_BEAT, VQC_WATCH_CLOSED } vqc_watch_reading;

/* Opens a port for the other ranks, on every interface, and fills the address. The socket is the caller's. */
VQC_MUST_CHECK vqc_status vqc_watch_listen(int *socket_out, vqc_watch_address *address_out, vqc_error *error);

/* Connects to rank 0, trying its addresses in turn for up to two seconds each, and exchanges the tokens. Blocks. */
VQC_MUST_CHECK vqc_status vqc_watch_connect(const vqc_watch_address *address, int rank, vqc_watch_link *link_out,
                                            vqc_error *error);

/* A caller that has not yet said who it is. */
typedef struct vqc_watch_caller {
    int socket; /* -1: free */
    double since;
    unsigned char in[VQC_WATCH_TOKEN_BYTES + 4];
    size_t in_size;
} vqc_watch_caller;

/* Reads what the caller has said, without waiting. When it is complete and right, answers it and gives the rank's
 * number in *rank_out, which is -1 before. VQC_WATCH_CLOSED: gone, or a stranger. */
vqc_watch_reading vqc_watch_caller_read(vqc_watch_caller *caller, const vqc_watch_address *address, int *rank_out);

/* Sends a beat without waiting. One that does not fit is dropped: the next one says the same. That the connection is
 * broken shows when it is read, after all that has come over it. */
void vqc_watch_link_send(vqc_watch_link *link, const vqc_watch_beat *beat);

/* Takes the next beat that has come, without waiting. */
vqc_watch_reading vqc_watch_link_read(vqc_watch_link *link, vqc_watch_beat *beat_out);

/* Closes the connection, if there is one. */
void vqc_watch_link_close(vqc_watch_link *link);

#endif
