#ifndef VQC_SCHEDULE_BOARD_H
#define VQC_SCHEDULE_BOARD_H

#include <stdbool.h>

#include "comm/comm.h"

/* Where the ranks of a launch find work and each other: what is left to do, who is free, and letters between them.
 *
 * Renders are handed out by index into the launch's list. A rank without a team, once no render is left, offers
 * itself and waits for letters; leaders of running teams claim ranks that are free, each rank only once. When the
 * last rank offers itself there is no team left, and the launch is over. All failures are VQC_FAILED: MPI's, or for
 * want of memory. */
typedef struct vqc_board vqc_board;

/* Collective over the comm, like destroying it. `teams` is the number of teams that start. */
VQC_MUST_CHECK vqc_status vqc_board_create(vqc_comm *comm, int teams, vqc_board **board_out, vqc_error *error);
/* NULL is allowed. */
void vqc_board_destroy(vqc_board *board);

/* Takes the next index; each is handed out once. The first `teams` are not, they are the teams' first renders. After
 * vqc_board_end, indices are larger than any list. */
VQC_MUST_CHECK vqc_status vqc_board_take(vqc_board *board, int64_t *index_out, vqc_error *error);

/* Ends the launch: no more renders are handed out, and teams that look find out. */
VQC_MUST_CHECK vqc_status vqc_board_end(vqc_board *board, vqc_error *error);

typedef struct vqc_board_state {
    bool ending;
    int64_t teams;        /* at work */
    int64_t free;         /* ranks */
    int64_t done, failed; /* renders of this launch */
    int64_t made;         /* steps of renders, by this launch */
    int64_t spared;       /* steps that it need not make: of checkpoints, and the rest of renders that failed */
} vqc_board_state;

VQC_MUST_CHECK vqc_status vqc_board_look(vqc_board *board, vqc_board_state *state_out, vqc_error *error);

/* For leaders: a render has come to its end; the team goes apart. */
VQC_MUST_CHECK vqc_status vqc_board_count_render(vqc_board *board, bool failed, vqc_error *error);
/* For leaders, now and then: steps since the last time. */
VQC_MUST_CHECK vqc_status vqc_board_count_steps(vqc_board *board, int64_t made, int64_t spared, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_board_count_team_end(vqc_board *board, vqc_error *error);

/* Offers this rank. If it is the last one, *last_out is true and all others have been sent VQC_LETTER_END. */
VQC_MUST_CHECK vqc_status vqc_board_offer(vqc_board *board, bool *last_out, vqc_error *error);

/* Claims up to `wanted` free ranks, those next to this one first. ranks (wanted): the claimed ones. */
VQC_MUST_CHECK vqc_status vqc_board_claim(vqc_board *board, int wanted, int *ranks, int *claimed_out,
                                          vqc_error *error);

/* --- Letters --- */

typedef enum vqc_letter_kind {
    VQC_LETTER_NONE,
    VQC_LETTER_INVITE,  /* leader → claimed rank: make ready for render `render` */
    VQC_LETTER_READY,   /* the answer: it has made its networks */
    VQC_LETTER_REFUSE,  /* the answer: it cannot, and waits for its dismissal */
    VQC_LETTER_JOIN,    /* leader → rank that is ready: form a team of `ranks` with us now */
    VQC_LETTER_DISMISS, /* leader → invited rank: not needed any more; one to each that does not join */
    VQC_LETTER_END      /* the launch is over */
} vqc_letter_kind;

typedef struct vqc_letter {
    vqc_letter_kind kind;
    int from; /* the rank that wrote it */
    int64_t render;
    int count;        /* of ranks */
    const int *ranks; /* valid until the next letter is read */
} vqc_letter;

/* `letter` to a rank; from is not looked at. */
VQC_MUST_CHECK vqc_status vqc_board_write(vqc_board *board, int rank, const vqc_letter *letter, vqc_error *error);
/* The next letter, or one of kind NONE if there is none; does not wait. */
VQC_MUST_CHECK vqc_status vqc_board_read(vqc_board *board, vqc_letter *letter_out, vqc_error *error);

#endif
