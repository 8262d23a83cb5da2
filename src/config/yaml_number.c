#include "config/yaml_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_ALWAYS = 15, DIGITS_MOST = 17 }; /* of decimals that a double keeps; and that tell it from any other */

bool vqc_yaml_number_short(const vqc_yaml_node *node, char text[VQC_YAML_NUMBER_SIZE])
{
    const char *scalar = vqc_yaml_scalar(node);
    char *end;
    if (scalar == NULL || !vqc_yaml_is_plain(node) || strpbrk(scalar, ".eE") == NULL ||
        scalar[strspn(scalar, "0123456789+-.eE")] != '\0')
        return false;
    const double number = strtod(scalar, &end);
    if (end == scalar || *end != '\0' || !isfinite(number))
        return false;
    for (int digits = DIGITS_ALWAYS; digits <= DIGITS_MOST; digits++) {
        (void)snprintf(text, VQC_YAML_NUMBER_SIZE, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return true;
}
