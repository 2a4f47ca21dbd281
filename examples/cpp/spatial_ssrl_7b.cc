// The first program of Spatial-SSRL's README for Spatial-SSRL-7B and 3B (Qwen2.5-VL): one
// question about one picture, asked with the prompt that the model was trained with.
//
//     spatial_ssrl_7b MODEL IMAGE [QUESTION]
//
// Without arguments it asks a small model of random weights about a synthetic room, which
// shows that everything is in place.
#include <cstdio>
#include <iostream>

#include "ssrl.hpp"

namespace {

// The question and the settings of upstream's program.
const std::string default_question =
    "Consider the real-world 3D locations of the objects. Which object has a higher location? A. yellow bear kite B. building";
const std::string format_prompt =
    "\n You FIRST think about the reasoning process as an internal monologue and then provide the final answer. "
    "The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{}.";
constexpr int max_tokens = 4096;

std::string quoted(const std::string &text) { // as JSON has it
    std::string out = "\"";
    for (const char c : text) {
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c) & 0xff);
        out += c == '"' || c == '\\' || (c >= 0 && c < ' ') ? std::string(code) : std::string(1, c);
    }
    return out + '"';
}

} // namespace

int main(int argc, char **argv) try {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (!args.empty() && args.size() != 2 && args.size() != 3) {
        std::cerr << args.size() << " arguments (want MODEL IMAGE [QUESTION])\n";
        return 2;
    }
    const bool here = args.empty();
    std::vector<ssrl::image> pictures;
    ssrl::scene room;
    if (here) {
        ssrl::create_model("nano", "nano", 1);
        room = ssrl::make_scene(1, 0, 112, 112);
        pictures.push_back(room.rgb);
    }

    // Pictures are seen as upstream's program shows them, through qwen_vl_utils.
    ssrl::model model(here ? "nano" : args[0], R"({"dtype": "bf16", "pixels": {"profile": "qwen_vl_utils"}})");

    // The most probable answer; the penalty of generation_config.json still counts.
    // Random weights never come to an end.
    const std::string image = here ? R"({"type": "image"})" : R"({"type": "image", "image": )" + quoted(args[1]) + "}";
    const std::string text = quoted((args.size() == 3 ? args[2] : default_question) + format_prompt);
    const std::string options = R"({"recommended": true, "temperature": 0, "max_tokens": )" + std::to_string(here ? 32 : max_tokens) +
                                R"(, "messages": [{"role": "user", "content": [)" + image + R"(, {"type": "text", "text": )" + text + "}]}]}";
    std::cout << "Model Response: " << model.answer("", pictures, options) << '\n';
} catch (const ssrl::error &e) {
    std::cerr << e.what() << '\n';
    return 1;
}
