#include "base/random.h"

static vqc_random_block philox_round(vqc_random_key key, vqc_random_block in)
{
    uint64_t low = (uint64_t)0xD2511F53U * in.word[0];
    uint64_t high = (uint64_t)0xCD9E8D57U * in.word[2];
    vqc_random_block out = {{
        (uint32_t)(high >> 32) ^ in.word[1] ^ key.word[0],
        (uint32_t)high,
        (uint32_t)(low >> 32) ^ in.word[3] ^ key.word[1],
        (uint32_t)low,
    }};
    return out;
}

vqc_random_block vqc_random_block_at(vqc_random_key key, vqc_random_block counter)
{
    for (int round = 0; round < 10; round++) {
        counter = philox_round(key, counter);
        key.word[0] += 0x9E3779B9U;
        key.word[1] += 0xBB67AE85U;
    }
    return counter;
}
