// SPDX-License-Identifier: Apache-2.0
// A copy whose length only the running program knows, into a place whose size the compiler does:
// what a release checks.
#include <cstdio>
#include <cstring>

int main(int, char** arguments) {
    char name[64];
    std::strcpy(name, arguments[0]);
    return std::puts(name) < 0 ? 1 : 0;
}
