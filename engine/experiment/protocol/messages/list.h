// SPDX-License-Identifier: Apache-2.0
// Every request of the protocol, in the order of its page.
#pragma once

#include "engine/experiment/protocol/messages/events.h"
#include "engine/experiment/protocol/messages/exports.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/protocol/messages/steps.h"

namespace hone::messages {

// Those that the worker hands to answer(), and with them those that it heeds while others run.
using AnsweredRequests =
    Joined<MachineRequests, ModelRequests, PlanRequests, StepRequests, ExportRequests>::Type;
using Requests = Joined<AnsweredRequests, SteeringRequests>::Type;

}  // namespace hone::messages
