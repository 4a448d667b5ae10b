// SPDX-License-Identifier: Apache-2.0
#include "coordinators/sqlite.h"

#include <sqlite3.h>

namespace borg::coordinators::sqlite {

bool Connection::open(const std::string& path, int busy_ms) {
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  if (!check(sqlite3_open_v2(path.c_str(), &db_, flags, nullptr))) return false;
  return check(sqlite3_busy_timeout(db_, busy_ms));
}

void Connection::close() {
  sqlite3_close_v2(db_);
  db_ = nullptr;
}

bool Connection::run(const char* sql) {
  if (failed()) return false;
  return check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

void Connection::clear() {
  code_ = 0;
  message_.clear();
}

void Connection::roll_back() {
  if (db_ == nullptr || sqlite3_get_autocommit(db_) != 0) return;
  sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Connection::check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return !failed();
  if (failed()) return false;
  code_ = code & 0xff;
  message_ = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  return false;
}

Query::Query(Connection& connection, std::string_view sql) : connection_(connection) {
  if (connection_.failed()) return;
  connection_.check(sqlite3_prepare_v2(connection_.db_, sql.data(), static_cast<int>(sql.size()),
                                       &statement_, nullptr));
}

Query::~Query() { sqlite3_finalize(statement_); }

Query& Query::bind(std::int64_t value) {
  if (!connection_.failed()) {
    connection_.check(sqlite3_bind_int64(statement_, ++bound_, value));
  }
  return *this;
}

Query& Query::bind(std::string_view bytes) {
  if (connection_.failed()) return *this;
  // A null pointer would bind NULL instead of an empty value.
  const char* data = bytes.empty() ? "" : bytes.data();
  connection_.check(sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

Query& Query::bind_null() {
  if (!connection_.failed()) connection_.check(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

bool Query::next() {
  if (connection_.failed()) return false;
  const int code = sqlite3_step(statement_);
  return connection_.check(code) && code == SQLITE_ROW;
}

std::int64_t Query::run() {
  while (next()) {
  }
  const std::int64_t changed = connection_.failed() ? 0 : sqlite3_changes64(connection_.db_);
  reset();
  return changed;
}

void Query::reset() {
  sqlite3_reset(statement_);
  bound_ = 0;
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace borg::coordinators::sqlite
