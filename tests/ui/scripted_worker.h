// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/experiment/client/client.h"

// A worker whose answers are written down, for tests of what the window does with them. The test
// program is its own worker: started with the argument "scripted-worker" it speaks the protocol on
// its standard input and output.
//   checkpoint "missing…": inspecting it fails
//   checkpoint "slow…":    a repetition or token takes 200 ms instead of 5 ms or 10 ms
//                          and an export does not end
//   checkpoint "full…":    an export finds no room
//   checkpoint "…short.gguf": its context is too short for any workload
//   checkpoint "…huge.gguf": memory does not hold it, although it holds its predicted peak
//   checkpoint "fails…":   the first repetition fails, and so does an answer
namespace hone::ui::test {

// Runs the worker and returns true where this process was started as one; main() then returns 0.
bool isScriptedWorker(int argc, char** argv);
void runScriptedWorker();
// What CUDA devices the worker finds: none, a whole one, or a MIG instance on which single kernels
// are not traced.
enum class ScriptedDevices { none, one, instance };
WorkerLaunch scriptedLaunch(ScriptedDevices devices = ScriptedDevices::one);

}  // namespace hone::ui::test

#define HONE_SCRIPTED_MAIN(TestClass)                       \
    int main(int argc, char** argv) {                       \
        if (hone::ui::test::isScriptedWorker(argc, argv)) { \
            hone::ui::test::runScriptedWorker();            \
            return 0;                                       \
        }                                                   \
        hone::ui::test::useScratchSettings();               \
        QApplication application(argc, argv);               \
        TestClass test;                                     \
        return QTest::qExec(&test, argc, argv);             \
    }

namespace hone::ui::test {

// Settings and home folder of the test's own, so that neither the user's models nor his layout
// matter.
void useScratchSettings();
std::filesystem::path scratchFile(const char* name);

}  // namespace hone::ui::test
