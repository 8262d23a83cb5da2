#ifndef VQC_CONFIG_YAML_NUMBER_H
#define VQC_CONFIG_YAML_NUMBER_H

#include "config/yaml.h"

enum { VQC_YAML_NUMBER_SIZE = 32 };

/* Writes a scalar that stands for a real number with the fewest digits that give the same one: archives have
 * 0.69999999999999996 where people wrote 0.7. False, and nothing is written, where the node is anything else, a whole
 * number among them, which has its digits already. */
bool vqc_yaml_number_short(const vqc_yaml_node *node, char text[VQC_YAML_NUMBER_SIZE]);

#endif
