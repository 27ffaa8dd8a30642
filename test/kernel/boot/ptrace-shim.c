/*
 * Lets user-mode Linux 6.1 boot on CPUs with AMX. Its buffer for a process's extended registers is shorter than theirs, and such a host refuses to take a
 * short one (PTRACE_SETREGSET: EFAULT, "ptrace set fp regs failed"). So this reads the whole of them first, and lays the shorter buffer over it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char state[65536] __attribute__((aligned(64)));

static long call(long request, long pid, void *address, void *data) {
  return syscall(SYS_ptrace, request, pid, address, data);
}

static long set_extended_registers(long pid, const struct iovec *given) {
  struct iovec whole = {state, sizeof state};
  if (call(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &whole) < 0) return -1;
  if (given->iov_len >= whole.iov_len) return call(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, (void *)given);
  memcpy(state, given->iov_base, given->iov_len);
  return call(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
}

/* The C library's own returns what it peeks at, where the system call stores it. */
static long peek(long request, long pid, void *address) {
  long value;
  if (call(request, pid, address, &value) < 0) return -1;
  errno = 0;
  return value;
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  long pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);
  if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) return set_extended_registers(pid, data);
  if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) return peek(request, pid, address);
  return call(request, pid, address, data);
}
