#include "schedule/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The shared numbers; from NUMBER_RANKS on one for each rank, 1 while it is free. */
enum { NUMBER_NEXT, NUMBER_TEAMS, NUMBER_FREE, NUMBER_DONE, NUMBER_FAILED, NUMBER_MADE, NUMBER_SPARED, NUMBER_RANKS };

/* Added to the next index when the launch ends. */
static const int64_t end_index = (int64_t)1 << 40;

/* A letter as it travels. */
typedef struct written_letter {
    int64_t render;
    int kind;
    int count;
    int ranks[];
} written_letter;

struct vqc_board {
    vqc_comm *comm;
    vqc_comm_numbers *numbers;
    int64_t *seen;          /* (ranks): numbers as read */
    written_letter *letter; /* with room for all ranks; going out or come in */
    size_t letter_capacity; /* bytes */
    int teams;
};

static vqc_status memory_make(vqc_board *board, vqc_error *error)
{
    size_t ranks = (size_t)vqc_comm_size(board->comm);
    board->letter_capacity = sizeof(written_letter) + ranks * sizeof(int);
    VQC_TRY(vqc_memory_allocate(ranks, sizeof *board->seen, "a board", &board->seen, error));
    return vqc_memory_allocate(1, board->letter_capacity, "a board", &board->letter, error);
}

vqc_status vqc_board_create(vqc_comm *comm, int teams, vqc_board **board_out, vqc_error *error)
{
    vqc_board *board;
    VQC_TRY(vqc_memory_allocate(1, sizeof *board, "a board", &board, error));
    board->comm = comm;
    board->teams = teams;
    vqc_status status = memory_make(board, error);
    if (status == VQC_OK)
        status = vqc_comm_numbers_create(comm, NUMBER_RANKS + (size_t)vqc_comm_size(comm), &board->numbers, error);
    if (status != VQC_OK) {
        vqc_board_destroy(board);
        return status;
    }
    *board_out = board;
    return VQC_OK;
}

void vqc_board_destroy(vqc_board *board)
{
    if (board == NULL)
        return;
    vqc_comm_numbers_destroy(board->numbers);
    free(board->seen);
    free(board->letter);
    free(board);
}

static vqc_status number_add(vqc_board *board, size_t number, int64_t amount, vqc_error *error)
{
    int64_t before;
    return vqc_comm_numbers_add(board->numbers, number, amount, &before, error);
}

vqc_status vqc_board_take(vqc_board *board, int64_t *index_out, vqc_error *error)
{
    VQC_TRY(vqc_comm_numbers_add(board->numbers, NUMBER_NEXT, 1, index_out, error));
    *index_out += board->teams;
    return VQC_OK;
}

vqc_status vqc_board_end(vqc_board *board, vqc_error *error)
{
    return number_add(board, NUMBER_NEXT, end_index, error);
}

vqc_status vqc_board_look(vqc_board *board, vqc_board_state *state_out, vqc_error *error)
{
    int64_t number[NUMBER_RANKS];
    VQC_TRY(vqc_comm_numbers_read(board->numbers, 0, NUMBER_RANKS, number, error));
    *state_out = (vqc_board_state){
        .ending = number[NUMBER_NEXT] >= end_index,
        .teams = board->teams + number[NUMBER_TEAMS],
        .free = number[NUMBER_FREE],
        .done = number[NUMBER_DONE],
        .failed = number[NUMBER_FAILED],
        .made = number[NUMBER_MADE],
        .spared = number[NUMBER_SPARED],
    };
    return VQC_OK;
}

vqc_status vqc_board_count_render(vqc_board *board, bool failed, vqc_error *error)
{
    return number_add(board, failed ? NUMBER_FAILED : NUMBER_DONE, 1, error);
}

vqc_status vqc_board_count_steps(vqc_board *board, int64_t made, int64_t spared, vqc_error *error)
{
    if (made > 0)
        VQC_TRY(number_add(board, NUMBER_MADE, made, error));
    return spared > 0 ? number_add(board, NUMBER_SPARED, spared, error) : VQC_OK;
}

vqc_status vqc_board_count_team_end(vqc_board *board, vqc_error *error)
{
    return number_add(board, NUMBER_TEAMS, -1, error);
}

vqc_status vqc_board_offer(vqc_board *board, bool *last_out, vqc_error *error)
{
    const vqc_letter end = {.kind = VQC_LETTER_END};
    const int own = vqc_comm_rank(board->comm);
    const int size = vqc_comm_size(board->comm);
    int64_t before;
    VQC_TRY(number_add(board, NUMBER_RANKS + (size_t)own, 1, error));
    /* A rank counts at most once, and the leader that has claimed one not at all: so the count is complete only if
     * all ranks are free, and then none of them can be claimed any more. */
    VQC_TRY(vqc_comm_numbers_add(board->numbers, NUMBER_FREE, 1, &before, error));
    *last_out = before + 1 == size;
    for (int rank = 0; *last_out && rank < size; rank++)
        if (rank != own)
            VQC_TRY(vqc_board_write(board, rank, &end, error));
    return VQC_OK;
}

/* Claims a rank that was seen free. Whoever takes its number from 1 to 0 has it; others put back what they took. */
static vqc_status rank_claim(vqc_board *board, int rank, bool *claimed_out, vqc_error *error)
{
    int64_t before;
    size_t number = NUMBER_RANKS + (size_t)rank;
    VQC_TRY(vqc_comm_numbers_add(board->numbers, number, -1, &before, error));
    *claimed_out = before == 1;
    if (!*claimed_out)
        return number_add(board, number, 1, error);
    return number_add(board, NUMBER_FREE, -1, error);
}

vqc_status vqc_board_claim(vqc_board *board, int wanted, int *ranks, int *claimed_out, vqc_error *error)
{
    const int size = vqc_comm_size(board->comm);
    const int own = vqc_comm_rank(board->comm);
    *claimed_out = 0;
    VQC_TRY(vqc_comm_numbers_read(board->numbers, NUMBER_RANKS, (size_t)size, board->seen, error));
    for (int i = 1; i < size && *claimed_out < wanted; i++) {
        const int rank = (own + i) % size;
        bool claimed = false;
        if (board->seen[rank] == 1)
            VQC_TRY(rank_claim(board, rank, &claimed, error));
        if (claimed)
            ranks[(*claimed_out)++] = rank;
    }
    return VQC_OK;
}

vqc_status vqc_board_write(vqc_board *board, int rank, const vqc_letter *letter, vqc_error *error)
{
    written_letter *written = board->letter;
    *written = (written_letter){.render = letter->render, .kind = (int)letter->kind, .count = letter->count};
    for (int i = 0; i < letter->count; i++)
        written->ranks[i] = letter->ranks[i];
    size_t size = sizeof *written + (size_t)letter->count * sizeof(int);
    return vqc_comm_send(board->comm, rank, written, size, error);
}

vqc_status vqc_board_read(vqc_board *board, vqc_letter *letter_out, vqc_error *error)
{
    size_t size;
    int from;
    *letter_out = (vqc_letter){.kind = VQC_LETTER_NONE};
    VQC_TRY(vqc_comm_receive(board->comm, board->letter, board->letter_capacity, &size, &from, error));
    if (size == 0)
        return VQC_OK;
    const written_letter *read = board->letter;
    *letter_out = (vqc_letter){.kind = (vqc_letter_kind)read->kind,
                               .from = from,
                               .render = read->render,
                               .count = read->count,
                               .ranks = read->ranks};
    return VQC_OK;
}
