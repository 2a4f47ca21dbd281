// From a frame in memory to questions, a step of SFT, a step of GRPO and an answer.
#include <iostream>

#include "ssrl.hpp"

int main() try {
    // A camera's frame is {{pixels, width, height, "bgr8"}, {millimetres, width, height, "16UC1"}}
    // or two cv::Mat; this one is a synthetic room.
    const auto questions = ssrl::generate(ssrl::make_scene(1, 0, 112, 112), R"({"seed": 1})");
    for (const auto &q : questions) std::cout << q.task << ": the answer is " << q.answer << '\n';

    ssrl::create_model("nano", "nano", 1);
    ssrl::model model("nano");
    ssrl::sft sft(model, R"({"learning_rate": 1e-3})");
    std::cout << "SFT: loss " << sft.step(questions).loss << '\n';

    // Any function of question and answer is a reward; this is the exact one.
    ssrl::grpo grpo(model, R"({"group": 4, "max_tokens": 16, "kl": 0.01})",
                    [](const ssrl::sample &q, const std::string &answer) { return ssrl::reward(answer, q.answer); });
    std::cout << "GRPO: reward " << grpo.step(questions).reward << '\n';

    const auto &q = questions.front();
    const std::string answer = model.answer(q, R"({"max_tokens": 16})");
    std::cout << "answer: \"" << answer << "\", worth " << ssrl::reward(answer, q.answer).overall << '\n';
} catch (const ssrl::error &e) {
    std::cerr << e.what() << '\n';
    return 1;
}
