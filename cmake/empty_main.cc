// SPDX-License-Identifier: Apache-2.0
// Linked against one whole module at a time: see borg_check_links in BorgModule.cmake.
int main() { return 0; }
