#include "torn_write.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static long writes_left;

void torn_write_arm(long count)
{
    writes_left = count;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    if (writes_left > 0 && --writes_left == 0) {
        (void)syscall(SYS_pwrite64, descriptor, data, size / 2, offset);
        (void)raise(SIGKILL);
    }
    return syscall(SYS_pwrite64, descriptor, data, size, offset);
}
