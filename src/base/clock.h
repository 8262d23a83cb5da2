#ifndef VQC_BASE_CLOCK_H
#define VQC_BASE_CLOCK_H

/* Seconds on a clock that only goes forwards; differences of it are durations. */
double vqc_clock_seconds(void);

#endif
