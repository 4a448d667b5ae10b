// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace borg::coordinators::sqlite {

/// A connection whose first error sticks: everything after it does nothing until clear(). So a
/// transaction reads as a straight line, and is judged once at its end.
///
/// Runs: on one thread.
class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Opens or creates the file. A locked database is waited for up to `busy_ms`.
  bool open(const std::string& path, int busy_ms);
  void close();
  /// Runs statements whose rows do not matter. False if this or an earlier one failed.
  bool run(const char* sql);

  [[nodiscard]] bool failed() const { return code_ != 0; }
  /// SQLite's primary result code of the first error; 0 if there was none.
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  void clear();
  /// Ends a transaction, if there is one, without a trace. Keeps the error.
  void roll_back();

 private:
  friend class Query;
  bool check(int code);

  sqlite3* db_ = nullptr;
  int code_ = 0;
  std::string message_;
};

/// One prepared statement. Column numbers start at 0; bind() goes from left to right.
class Query {
 public:
  Query(Connection& connection, std::string_view sql);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::int64_t value);
  Query& bind(std::string_view bytes);  ///< as a BLOB, borrowed until reset()
  Query& bind_null();
  /// True if there is a row; false at the end, or if anything failed.
  bool next();
  /// Runs it to its end and makes it ready for the next bind(). Returns the rows changed.
  std::int64_t run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string bytes(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

}  // namespace borg::coordinators::sqlite
