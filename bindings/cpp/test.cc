// The whole way on a small model through ssrl.hpp, and what goes wrong on it.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
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
static_assert(moves_only<ssrl::model> && moves_only<ssrl::dataset> && moves_only<ssrl::sft> && moves_only<ssrl::grpo>);

std::vector<ssrl::sample> questions() {
    const ssrl::frame f = ssrl::make_scene(7, 1, 320, 240);
    const ssrl::depth depth = f.depth();
    const auto list = ssrl::generate(f.rgb, &depth, "room", R"({"tasks": ["shuffle", "flip"], "per_frame": 2, "seed": 5})");
    CHECK(list.size() == 4 && list[0].task == "shuffle" && list[3].task == "flip" && list[0].images.size() == 1);
    int heard = 0;
    CHECK(code([&] { ssrl::generate(f.rgb, nullptr, "", "", [&](const ssrl::sample &) { return ++heard < 2; }); }) == SSRL_ESTOPPED && heard == 2);
    CHECK(throws([&] { ssrl::generate(f.rgb, nullptr, "", "", [](const ssrl::sample &) { throw enough(); }); }));
    CHECK(code([&] { ssrl::generate(f.rgb, nullptr, "", R"({"tasks": ["depth"]})"); }) == SSRL_EUNSUITABLE);
    CHECK(code([&] { ssrl::generate(f.rgb, nullptr, "", R"({"sede": 1})"); }) == SSRL_EINVALID);
    CHECK(code([] { ssrl::make_scene(7, 1, 0, 240); }) == SSRL_EINVALID);
    return list;
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
    CHECK(code([&] { ssrl::grpo(m, R"({"group": 1})"); }) == SSRL_EINVALID);
}

void answers(ssrl::model &m, const ssrl::sample &s, const std::string &dir) {
    const std::string options = R"({"max_tokens": 8, "temperature": 1, "seed": 3})";
    const std::string whole = m.answer(s, options);
    CHECK(!whole.empty());
    std::string pieces;
    m.generate(s.problem, {s.images[0]}, options, [&](const std::string &piece) { pieces += piece; });
    CHECK(pieces == whole);
    CHECK(throws([&] { m.generate("Q", {}, options, [](const std::string &) { throw enough(); }); }));
    CHECK(code([&] { m.generate("Q", {}, options, [](const std::string &) { return false; }); }) == SSRL_ESTOPPED);
    m.save(dir + "/saved");
    CHECK(ssrl::model(dir + "/saved").answer(s, options) == whole);
}

void datasets(ssrl::model m, const std::string &dir, const std::string &frames) {
    int done = 0;
    CHECK(throws([&] { ssrl::generate_dataset(frames, dir + "/thrown", "", [](auto...) -> bool { throw enough(); }); }));
    ssrl::generate_dataset(frames, dir + "/questions", R"({"tasks": ["crop"], "per_image": 2})", {}, [&](std::int64_t, std::int64_t total) { return done++ < total; });
    CHECK(done == 2);
    ssrl::dataset d(dir + "/questions");
    CHECK(d.size() == 4 && d.at(3).task == "crop" && d.at(0).images.size() == 5);
    CHECK(code([&] { d.at(4); }) == SSRL_EINVALID);
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
    CHECK(code([&] { ssrl::model(place + "/nowhere"); }) == SSRL_EFORMAT);
    CHECK(code([&] { ssrl::dataset(place + "/nowhere"); }) != SSRL_OK);

    const auto samples = questions();
    ssrl::create_model(place + "/new", "nano", 1);
    ssrl::model m(place + "/new", R"({"threads": 1})");
    training(m, samples);
    answers(m, samples[0], place);

    std::filesystem::create_directory(place + "/frames");
    const ssrl::frame f = ssrl::make_scene(7, 1, 320, 240);
    for (const char *file : {"/frames/a.ppm", "/frames/b.ppm"}) {
        std::ofstream out(place + file, std::ios::binary);
        out << "P6 320 240 255\n" << std::string(f.rgb.rgb.begin(), f.rgb.rgb.end());
    }
    datasets(std::move(m), place, place + "/frames");
    std::filesystem::remove_all(place);
    std::cout << "bindings/cpp: ok\n";
}
