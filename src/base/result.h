// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/result.hpp>

namespace borg {

/// A value, or the module's own error enum: for failures that are expected.
template <class T, class E>
using Result = boost::system::result<T, E>;

}  // namespace borg
