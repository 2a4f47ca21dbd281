// The whole way on a small model through ssrl.hpp, and what goes wrong on it.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <thread>
#include <type_traits>

#include "ssrl.hpp"

#define CHECK(x) do { if (!(x)) { std::cerr << __FILE__ << ':' << __LINE__ << ": " #x "\n"; std::exit(1); } } while (0)

namespace {

// code is what a call throws, SSRL_OK when it throws nothing.
template <class F> ssrl_status code(F f) {
    try {
        f();
    } catch (const ssrl::error &e) {
        CHECK(*e.what());
        return e.code();
    }
    return SSRL_OK;
}

struct enough {};

template <class F> bool throws(F f) {
    try {
        f();
    } catch (const enough &) {
        return true;
    }
    return false;
}

template <class T> constexpr bool moves_only = std::is_move_constructible_v<T> && std::is_move_assignable_v<T> && !std::is_copy_constructible_v<T>;
static_assert(moves_only<ssrl::model> && moves_only<ssrl::dataset> && moves_only<ssrl::sft> && moves_only<ssrl::grpo> && moves_only<ssrl::writer> && moves_only<ssrl::job>);

std::vector<ssrl::sample> questions() {
    const ssrl::scene room = ssrl::make_scene(7, 1, 320, 240);
    ssrl::frame f = room;
    f.name = "room";
    const auto list = ssrl::generate(f, R"({"tasks": ["shuffle", "flip"], "per_frame": 2, "seed": 5})");
    CHECK(list.size() == 4 && list[0].task == "shuffle" && list[3].task == "flip" && list[0].images.size() == 1);
    int heard = 0;
    CHECK(code([&] { ssrl::generate(f, "", {}, [&](const ssrl::sample &) { return ++heard < 2; }); }) == SSRL_ESTOPPED && heard == 2);
    CHECK(throws([&] { ssrl::generate(f, "", {}, [](const ssrl::sample &) { throw enough(); }); }));
    CHECK(code([&] { ssrl::generate({f.colour}, R"({"tasks": ["depth"]})"); }) == SSRL_EUNSUITABLE);
    CHECK(code([&] { ssrl::generate(f, R"({"sede": 1})"); }) == SSRL_EINVALID);
    CHECK(code([] { ssrl::make_scene(7, 1, 0, 240); }) == SSRL_EINVALID);
    return list;
}

// encodings are other ways to hold the same frame, and give the same questions.
void encodings() {
    const ssrl::scene room = ssrl::make_scene(7, 1, 160, 120);
    const std::string options = R"({"tasks": ["shuffle", "depth"], "seed": 3})";
    const auto want = ssrl::generate(room, options);
    const std::size_t stride = 4 * 160 + 24;
    std::vector<std::uint8_t> bgra(stride * 120);
    for (std::size_t y = 0; y < 120; y++) {
        for (std::size_t x = 0; x < 160; x++) {
            for (std::size_t c = 0; c < 3; c++) bgra[stride * y + 4 * x + 2 - c] = room.rgb.rgb[3 * (160 * y + x) + c];
        }
    }
    const auto got = ssrl::generate({{bgra, 160, 120, "bgra8", stride}, {room.metres, 160, 120, "32FC1"}}, options);
    CHECK(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); i++) CHECK(got[i].answer == want[i].answer && got[i].images[0].rgb == want[i].images[0].rgb && got[i].meta == want[i].meta);
    CHECK(code([&] { ssrl::image(bgra, 160, 121, "bgra8", stride); }) == SSRL_EINVALID);
    CHECK(code([&] { ssrl::generate({{bgra.data(), 160, 120, "yuv422"}}); }) == SSRL_EINVALID);
#ifdef OPENCV_CORE_HPP
    cv::Mat colour(120, 160, CV_8UC4, bgra.data(), stride), metres(120, 160, CV_32FC1, const_cast<float *>(room.metres.data()));
    const auto seen = ssrl::generate({colour, metres}, options);
    CHECK(seen.size() == want.size() && seen[0].images[0].rgb == want[0].images[0].rgb && seen[0].images[0].mat().type() == CV_8UC3);
    CHECK(code([] { ssrl::image(cv::Mat(1, 1, CV_64FC1)); }) == SSRL_EINVALID);
#endif
}

void own_tasks() {
    const ssrl::task size{"size", [](const ssrl::frame &f, std::uint64_t seed) {
        if (f.colour.width > 200) throw ssrl::unsuitable("too wide");
        return ssrl::sample{"", "", "How wide is it? " + std::to_string(seed), std::to_string(f.colour.width), {}, "", "{}", ""};
    }};
    const auto made = ssrl::generate(ssrl::make_scene(1, 0, 64, 48), R"({"tasks": ["shuffle"], "per_frame": 2})", {size});
    CHECK(made.size() == 4 && made[2].task == "size" && made[3].answer == "64" && made[2].problem != made[3].problem);
    CHECK(code([&] { ssrl::generate(ssrl::make_scene(1, 0, 320, 240), "", {size}); }) == SSRL_EUNSUITABLE);
    const ssrl::task fails{"fails", [](const ssrl::frame &, std::uint64_t) -> ssrl::sample { throw enough(); }};
    CHECK(throws([&] { ssrl::generate(ssrl::make_scene(1, 0, 64, 48), "", {fails}); }));
}

void jobs(ssrl::model &m, const std::vector<ssrl::sample> &samples) {
    ssrl::sft sft(m, R"({"learning_rate": 0.001})");
    ssrl::step out{};
    ssrl::job learning = sft.start(samples, out);
    std::int64_t done = 0, total = 0;
    while (learning.running(&done, &total)) learning.wait_for(std::chrono::milliseconds(1));
    learning.wait();
    CHECK(out.n == 1 && out.loss > 0);
    std::string heard;
    ssrl::job saying = m.start("Where?", {}, R"({"max_tokens": 4})", [&](const std::string &piece) { heard += piece; });
    saying.wait();
    CHECK(heard == m.answer("Where?", {}, R"({"max_tokens": 4})"));
    ssrl::job thrown = m.start("Where?", {}, "", [](const std::string &) { throw enough(); });
    CHECK(throws([&] { thrown.wait(); }));
    std::atomic<bool> inside{false}, go_on{false};
    ssrl::job long_one = m.start("Where?", {}, R"({"max_tokens": 100})", [&](const std::string &) {
        for (inside = true; !go_on;) std::this_thread::yield();
    });
    while (!inside) CHECK(!long_one.wait_for(std::chrono::milliseconds(1)));
    CHECK(code([&] { m.answer("Q"); }) == SSRL_EBUSY);
    long_one.interrupt();
    go_on = true;
    CHECK(code([&] { long_one.wait(); }) == SSRL_ESTOPPED);
}

void training(ssrl::model &m, const std::vector<ssrl::sample> &samples) {
    ssrl::sft sft(m, R"({"learning_rate": 0.001})");
    const double before = sft.step(samples).loss;
    CHECK(sft.step(samples).loss < before && sft.done() == 2);
    CHECK(sft.metrics().find("\"train/loss\":") != std::string::npos);

    const std::string options = R"({"group": 2, "max_tokens": 3, "seed": 1})";
    int scored = 0;
    ssrl::grpo made(m, options, [&](const ssrl::sample &s, const std::string &answer) { return scored++, s.images.empty() ? 0.0 : 0.01 * static_cast<double>(answer.size()); });
    ssrl::grpo grpo = std::move(made); // the reward moves along
    CHECK(grpo.step({samples[0]}).n == 1 && scored == 2);
    CHECK(ssrl::grpo(m, options).step({samples[0]}).n == 1);
    ssrl::grpo fails(m, options, [](const ssrl::sample &, const std::string &) -> double { throw enough(); });
    CHECK(throws([&] { fails.step({samples[0]}); }) && fails.done() == 0);
    ssrl::grpo wrong(m, options, [](const ssrl::sample &, const std::string &) { return std::numeric_limits<double>::quiet_NaN(); });
    CHECK(code([&] { wrong.step({samples[0]}); }) == SSRL_EINVALID);
    CHECK(code([&] { sft.step({}); }) == SSRL_EINVALID);
    ssrl::grpo halves(m, options, [](const ssrl::sample &, const std::string &answer) { return ssrl::reward(answer, "1"); });
    std::vector<std::string> drawn;
    halves.rollouts({samples[0]}, [&](const std::string &o) { drawn.push_back(o); });
    CHECK(drawn.size() == 2 && drawn[0].find("\"advantage\":") != std::string::npos);
    CHECK(code([&] { halves.update({1.0}); }) == SSRL_EINVALID);
    CHECK(halves.update({1.0, -1.0}).n == 1);
    CHECK(code([&] { ssrl::grpo(m, R"({"group": 1})"); }) == SSRL_EINVALID);
}

void answers(ssrl::model &m, const ssrl::sample &s, const std::string &dir) {
    const std::string options = R"({"max_tokens": 8, "temperature": 1, "seed": 3})";
    const std::string whole = m.answer(s, options);
    CHECK(!whole.empty());
    std::string pieces;
    m.generate(s.problem, {ssrl::image(s.images[0])}, options, [&](const std::string &piece) { pieces += piece; });
    CHECK(pieces == whole);
    CHECK(throws([&] { m.generate("Q", {}, options, [](const std::string &) { throw enough(); }); }));
    CHECK(code([&] { m.generate("Q", {}, options, [](const std::string &) { return false; }); }) == SSRL_ESTOPPED);
    CHECK(m.answer("", {s.images[0]}, R"({"messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}], "max_tokens": 2})") ==
          m.answer("Where?", {s.images[0]}, R"({"max_tokens": 2})"));
    CHECK(m.score("Where?", {}, "here").find("\"logprobs\":[-") != std::string::npos);
    m.save(dir + "/saved");
    CHECK(ssrl::model(dir + "/saved").answer(s, options) == whole);
}

void datasets(ssrl::model m, const std::string &dir, const std::string &frames) {
    int done = 0;
    CHECK(throws([&] { ssrl::generate_dataset(frames, dir + "/thrown", "", {}, [](auto...) -> bool { throw enough(); }); }));
    ssrl::generate_dataset(frames, dir + "/questions", R"({"tasks": ["crop"], "per_image": 2})", {}, {}, [&](std::int64_t, std::int64_t total) { return done++ < total; });
    CHECK(done == 2);
    ssrl::dataset d(dir + "/questions");
    CHECK(d.size() == 4 && d.at(3).task == "crop" && d.at(0).images.size() == 5);
    CHECK(code([&] { d.at(4); }) == SSRL_EINVALID);
    {
        ssrl::writer unfinished(dir + "/unfinished");
        unfinished.add(d.at(0));
    }
    CHECK(!std::filesystem::exists(dir + "/unfinished"));
    ssrl::writer w(dir + "/written", R"({"seed": 4})");
    for (int i = 0; i < 3; i++) w.add(d.at(i));
    w.finish();
    const ssrl::dataset written(dir + "/written");
    CHECK(written.size() == 3 && written.at(2).problem == d.at(2).problem && written.at(2).images[1].rgb == d.at(2).images[1].rgb);
    CHECK(m.evaluate(written, R"({"max_tokens": 2})").find("\"n\":3") != std::string::npos);
    int seen_frames = 0;
    ssrl::frames(frames, "", [&](const ssrl::frame &f) { seen_frames += f.colour.width == 320; });
    CHECK(seen_frames == 2);
    ssrl::sft sft(m);
    std::vector<std::int64_t> seen;
    sft.run(d, 2, R"({"batch": 2})", [&](const ssrl::step &s) {
        seen.push_back(s.n);
        sft.save(dir + "/trained"); // the model is free here
    });
    CHECK((seen == std::vector<std::int64_t>{1, 2}));
    CHECK(code([&] { sft.run(d, 9, "", [](const ssrl::step &) { throw enough(); }); }) != SSRL_OK); // a batch of 8 from 4
    CHECK(throws([&] { sft.run(d, 9, R"({"batch": 2})", [](const ssrl::step &) { throw enough(); }); }));
    ssrl::sft again(m);
    again.resume(dir + "/trained");
    CHECK(again.done() == 2);
    m = ssrl::model(dir + "/new"); // closes the first one under its trainers
    CHECK(code([&] { again.save(dir + "/late"); }) == SSRL_EINVALID);
}

} // namespace

int main() {
    const std::string dir = (std::filesystem::temp_directory_path() / "ssrl-cpp-XXXXXX").string();
    std::vector<char> name(dir.begin(), dir.end());
    name.push_back(0);
    CHECK(mkdtemp(name.data()));
    const std::string place = name.data();
    CHECK(ssrl::version().find('.') != std::string::npos);
    CHECK(std::abs(ssrl::reward(R"(<think>so</think>\boxed{B})", "B").overall - 1) < 1e-9);
    CHECK(code([&] { ssrl::model(place + "/nowhere"); }) == SSRL_EIO);
    CHECK(code([&] { ssrl::dataset(place + "/nowhere"); }) != SSRL_OK);

    const auto samples = questions();
    encodings();
    own_tasks();
    ssrl::create_model(place + "/new", "nano", 1);
    ssrl::model m(place + "/new", R"({"threads": 1})");
    training(m, samples);
    answers(m, samples[0], place);
    jobs(m, samples);

    std::filesystem::create_directory(place + "/frames");
    const ssrl::scene f = ssrl::make_scene(7, 1, 320, 240);
    for (const char *file : {"/frames/a.ppm", "/frames/b.ppm"}) {
        std::ofstream out(place + file, std::ios::binary);
        out << "P6 320 240 255\n" << std::string(f.rgb.rgb.begin(), f.rgb.rgb.end());
    }
    datasets(std::move(m), place, place + "/frames");
    std::filesystem::remove_all(place);
    std::cout << "bindings/cpp: ok\n";
}
