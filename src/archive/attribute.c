#include "archive/attribute.h"

#include <string.h>

#include "archive/hdf5_error.h"

/* Creates the attribute of this type, writes it, and closes type and space. */
static vqc_status attribute_write(const vqc_attribute_owner *owner, const char *name, hid_t type, hid_t space,
                                  const void *data, vqc_error *error)
{
    hid_t attribute = H5I_INVALID_HID;
    vqc_status status = VQC_OK;
    if (type >= 0 && space >= 0)
        attribute = H5Acreate2(owner->id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, data) < 0)
        status = vqc_hdf5_error_set(error, VQC_FAILED, "%s: dataset %s: attribute %s cannot be written",
                                    owner->file_path, owner->path, name);
    if (attribute >= 0)
        (void)H5Aclose(attribute);
    if (space >= 0)
        (void)H5Sclose(space);
    if (type >= 0)
        (void)H5Tclose(type);
    return status;
}

static hid_t list_space(size_t count)
{
    const hsize_t dims = count;
    return H5Screate_simple(1, &dims, NULL);
}

/* Of so many bytes, with a NUL at the end as the specifications have it; H5T_VARIABLE: of any length. */
static hid_t text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && H5Tset_size(type, bytes) < 0) {
        (void)H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

vqc_status vqc_attribute_text(const vqc_attribute_owner *owner, const char *name, const char *text, vqc_error *error)
{
    return attribute_write(owner, name, text_type(strlen(text) + 1), H5Screate(H5S_SCALAR), text, error);
}

vqc_status vqc_attribute_texts(const vqc_attribute_owner *owner, const char *name, const char *const *texts,
                               size_t count, vqc_error *error)
{
    return attribute_write(owner, name, text_type(H5T_VARIABLE), list_space(count), texts, error);
}

vqc_status vqc_attribute_bytes(const vqc_attribute_owner *owner, const char *name, const uint8_t *bytes, size_t count,
                               vqc_error *error)
{
    return attribute_write(owner, name, H5Tcopy(H5T_STD_U8LE), list_space(count), bytes, error);
}

vqc_status vqc_attribute_scales(const vqc_attribute_owner *owner, const hobj_ref_t *scales, size_t count,
                                vqc_error *error)
{
    hvl_t lists[H5S_MAX_RANK] = {0};
    for (size_t i = 0; i < count; i++)
        lists[i] = (hvl_t){.len = scales[i] == 0 ? 0 : 1, .p = (void *)&scales[i]};
    return attribute_write(owner, "DIMENSION_LIST", H5Tvlen_create(H5T_STD_REF_OBJ), list_space(count), lists, error);
}

static hid_t use_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(vqc_attribute_use));
    if (type >= 0 && (H5Tinsert(type, "dataset", offsetof(vqc_attribute_use, dataset), H5T_STD_REF_OBJ) < 0 ||
                      H5Tinsert(type, "dimension", offsetof(vqc_attribute_use, dimension), H5T_NATIVE_INT) < 0)) {
        (void)H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

vqc_status vqc_attribute_scale(const vqc_attribute_owner *owner, const char *name, const vqc_attribute_use *uses,
                               size_t count, vqc_error *error)
{
    VQC_TRY(vqc_attribute_text(owner, "CLASS", "DIMENSION_SCALE", error));
    VQC_TRY(vqc_attribute_text(owner, "NAME", name, error));
    return attribute_write(owner, "REFERENCE_LIST", use_type(), list_space(count), uses, error);
}
