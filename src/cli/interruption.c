#include "cli/interruption.h"

#include <signal.h>
#include <stddef.h>

/* A signal handler can reach nothing but a global variable. */
static volatile sig_atomic_t asked = 0;

static void signal_note(int number)
{
    asked = 1;
    (void)signal(number, SIG_DFL);
}

void vqc_interruption_watch(void)
{
    struct sigaction action = {.sa_handler = signal_note};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool vqc_interruption_asked(void)
{
    return asked != 0;
}
