#ifndef VQC_TESTS_ARCHIVE_TORN_WRITE_H
#define VQC_TESTS_ARCHIVE_TORN_WRITE_H

/* From now on, the process kills itself in the middle of its count-th write to an archive: half of the bytes reach
 * the file. 0: never. The program that has this function gets a pwrite of its own, which HDF5 then calls. */
void torn_write_arm(long count);

#endif
