// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/interrupt.h"

namespace borg::borgctl {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int /*signal*/) { g_interrupted = 1; }

}  // namespace

InterruptGuard::InterruptGuard(Catch what) : what_(what) {
  clear_interrupt();
  struct sigaction action = {};
  action.sa_handler = on_signal;  // no SA_RESTART: a blocked poll or read has to return
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previous_int_);
  if (what_ == Catch::kTerminateToo) sigaction(SIGTERM, &action, &previous_term_);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &previous_int_, nullptr);
  if (what_ == Catch::kTerminateToo) sigaction(SIGTERM, &previous_term_, nullptr);
}

bool interrupted() { return g_interrupted != 0; }

void clear_interrupt() { g_interrupted = 0; }

}  // namespace borg::borgctl
