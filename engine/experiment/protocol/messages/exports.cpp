// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/messages/exports.h"

#include "engine/experiment/protocol/message_codec.h"

namespace hone::messages {

template struct Codec<Export>;
template struct Codec<ExportReply>;
template struct Codec<ExportResult>;
template struct Codec<ExportVerification>;
template struct Codec<SettleExport>;
template struct Codec<SettleExportReply>;

}  // namespace hone::messages
