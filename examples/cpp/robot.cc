// What runs on a robot: frames of an RGB-D camera become questions, the model
// answers them, the answers are scored, and the model learns from its mistakes
// beside the loop, which goes on with the next frame. Prints what each part takes.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "ssrl.hpp"

namespace {

using clock_type = std::chrono::steady_clock;

double milliseconds_of(const std::function<void()> &work) {
    const auto from = clock_type::now();
    work();
    return std::chrono::duration<double, std::milli>(clock_type::now() - from).count();
}

// camera stands for a driver: bgr8 with padded rows and depth in millimetres, as
// RealSense and ROS's sensor_msgs/Image have them.
struct camera {
    static constexpr int width = 112, height = 112;
    static constexpr std::size_t stride = 3 * width + 16;
    std::vector<std::uint8_t> bgr = std::vector<std::uint8_t>(stride * height);
    std::vector<std::uint16_t> millimetres = std::vector<std::uint16_t>(width * height);

    ssrl::frame grab(int n) {
        const ssrl::scene room = ssrl::make_scene(1, n, width, height);
        for (std::size_t i = 0; i < width * height; i++) {
            for (std::size_t c = 0; c < 3; c++) bgr[i / width * stride + i % width * 3 + 2 - c] = room.rgb.rgb[3 * i + c];
            millimetres[i] = std::isnan(room.metres[i]) ? 0 : static_cast<std::uint16_t>(1000 * room.metres[i]);
        }
        return {{bgr, width, height, "bgr8", stride}, {millimetres, width, height, "16UC1"}, "frame" + std::to_string(n)};
    }
};

} // namespace

int main() try {
    ssrl::create_model("nano", "nano", 1);
    ssrl::model model("nano");
    ssrl::grpo grpo(model, R"({"group": 4, "max_tokens": 16, "learning_rate": 1e-4})");
    camera eyes;
    for (int n = 0; n < 5; n++) {
        std::vector<ssrl::sample> questions;
        std::string answer;
        double worth = 0;
        ssrl::step learned{};
        const ssrl::frame seen = eyes.grab(n);
        const double ask = milliseconds_of([&] { questions = ssrl::generate(seen, R"({"tasks": ["shuffle", "depth"]})"); });
        const double say = milliseconds_of([&] { answer = model.answer(questions[0], R"({"max_tokens": 16})"); });
        const double judge = milliseconds_of([&] { worth = ssrl::reward(answer, questions[0].answer).overall; });
        const double learn = milliseconds_of([&] {
            ssrl::job step = grpo.start(questions, learned); // goes on by itself
            while (!step.wait_for(std::chrono::milliseconds(10))) {
                // The robot steers here.
            }
        });
        std::printf("%s: %zu questions %.1f ms, answer %.1f ms (worth %.1f), score %.3f ms, step %d %.1f ms, reward %.3f\n", seen.name.c_str(),
                    questions.size(), ask, say, worth, judge, static_cast<int>(learned.n), learn, learned.reward);
    }
    model.save("trained");
} catch (const ssrl::error &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
