// SPDX-License-Identifier: Apache-2.0
// The one place where Boost.JSON is compiled: elsewhere it is used as a header-only library.
#include <boost/json/src.hpp>
