#ifndef VQC_COMM_HANDLE_H
#define VQC_COMM_HANDLE_H

#ifdef VQC_WITH_MPI
#include <mpi.h>

#include "comm/comm.h"

/* The communicator behind a comm, for the archive: parallel HDF5 wants it. Belongs to the comm; MPI_COMM_NULL where
 * MPI was not started, which is the case when the program was not launched as ranks. */
MPI_Comm vqc_comm_handle(const vqc_comm *comm);
#endif

#endif
