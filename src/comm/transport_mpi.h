#ifndef VQC_COMM_TRANSPORT_MPI_H
#define VQC_COMM_TRANSPORT_MPI_H

#include <mpi.h>

#include "comm/transport.h"

/* The communicator of all ranks; belongs to the transport. */
MPI_Comm vqc_transport_mpi_handle(const vqc_transport *transport);

#endif
