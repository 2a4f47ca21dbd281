// ssrl.h for C++17: handles that close themselves, lambdas as callbacks, and
// ssrl::error instead of codes. Header only; link with -lssrl.
//
// What a callback throws ends the call, which throws it again. Views (image,
// depth) do not own pixels; what is handed to a callback dies when it returns,
// so ssrl::sample is a copy.
#ifndef SSRL_HPP
#define SSRL_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ssrl.h"

namespace ssrl {

// error is a code of ssrl.h with its text.
class error : public std::runtime_error {
public:
    error(ssrl_status code, const std::string &text) : std::runtime_error(text), code_(code) {}
    ssrl_status code() const noexcept { return code_; }

private:
    ssrl_status code_;
};

// image is a view of 8-bit RGB, 3 bytes a pixel without padding; depth one of
// metres, NaN where there is no reading.
using image = ssrl_image;
using depth = ssrl_depth;
using score = ssrl_score;
using step = ssrl_step;

inline std::string version() { return ssrl_version(); }

// picture owns pixels.
struct picture {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;

    operator image() const { return {rgb.data(), width, height}; }
};

// sample is a question with its answer; problem holds one <image> for each of
// images. A sample of your own needs problem and answer.
struct sample {
    std::string id, task, problem, answer;
    std::vector<picture> images;
    std::string source, meta;
};

// frame is a picture with exact depth.
struct frame {
    picture rgb;
    std::vector<float> metres;

    ssrl::depth depth() const { return {metres.data(), rgb.width, rgb.height}; }
};

namespace detail {

inline std::string text(const char *s) { return s ? s : ""; }
inline const char *or_null(const std::string &s) { return s.empty() ? nullptr : s.c_str(); }

inline sample copy(const ssrl_sample &s) {
    sample out{text(s.id), text(s.task), text(s.problem), text(s.answer), {}, text(s.source), text(s.meta)};
    for (int i = 0; i < s.n_images; i++) {
        const ssrl_image &m = s.images[i];
        out.images.push_back({m.width, m.height, {m.rgb, m.rgb + 3 * static_cast<std::size_t>(m.width) * static_cast<std::size_t>(m.height)}});
    }
    return out;
}

inline std::vector<image> views(const std::vector<picture> &images) { return {images.begin(), images.end()}; }

// check throws what a callback threw, or what a status says.
inline void check(ssrl_status status, const ssrl_error &err, const std::exception_ptr &thrown) {
    if (status == SSRL_OK) return;
    if (thrown) std::rethrow_exception(thrown);
    throw error(status, err.message);
}

// call checks what f returns; f may set thrown.
template <class F> void call(F &&f, const std::exception_ptr &thrown = nullptr) {
    ssrl_error err;
    ssrl_status status = f(&err);
    check(status, err, thrown);
}

// callback carries a function through a user pointer. The function may return
// void, or a bool that is false to stop.
template <class... Args> struct callback {
    std::function<bool(Args...)> f;
    std::exception_ptr thrown;

    template <class F> explicit callback(F f_) {
        if constexpr (std::is_void_v<std::invoke_result_t<F, Args...>>) {
            f = [f_](Args... args) mutable { return f_(std::forward<Args>(args)...), true; };
        } else {
            f = std::move(f_);
        }
    }

    int operator()(Args... args) noexcept {
        try {
            return f(std::forward<Args>(args)...) ? 0 : 1;
        } catch (...) {
            thrown = std::current_exception();
            return 1;
        }
    }
};

using on_sample = callback<sample>;
using on_text = callback<std::string>;
using on_step = callback<const step &>;
using on_reward = callback<sample, const std::string &, double &>;

inline int hand_sample(void *user, const ssrl_sample *s) { return (*static_cast<on_sample *>(user))(copy(*s)); }
inline int hand_text(void *user, const char *utf8, std::size_t len) { return (*static_cast<on_text *>(user))(std::string(utf8, len)); }
inline int hand_step(void *user, const ssrl_step *s) { return (*static_cast<on_step *>(user))(*s); }
inline int hand_reward(void *user, const ssrl_sample *s, const char *answer, double *out) { return (*static_cast<on_reward *>(user))(copy(*s), answer, *out); }

template <class T, void (*Close)(T *)> struct closer {
    void operator()(T *p) const noexcept { Close(p); }
};

template <class T, void (*Close)(T *)> using handle = std::unique_ptr<T, closer<T, Close>>;

} // namespace detail

// make_scene draws a synthetic room.
inline frame make_scene(std::uint64_t seed, int index, int width, int height) {
    if (width < 1 || height < 1 || width > 1 << 14 || height > 1 << 14) throw error(SSRL_EINVALID, "scene: no such size");
    const auto n = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    frame f{{width, height, std::vector<std::uint8_t>(3 * n)}, std::vector<float>(n)};
    detail::call([&](ssrl_error *err) { return ssrl_scene(seed, index, width, height, f.rgb.rgb.data(), f.metres.data(), err); });
    return f;
}

// generate asks questions about a frame; metres may be nullptr. fn takes a sample.
template <class F> void generate(const image &rgb, const depth *metres, const std::string &name, const std::string &options, F fn) {
    detail::on_sample each(std::move(fn));
    detail::call([&](ssrl_error *err) { return ssrl_generate_samples(&rgb, metres, detail::or_null(name), detail::or_null(options), detail::hand_sample, &each, err); }, each.thrown);
}

inline std::vector<sample> generate(const image &rgb, const depth *metres, const std::string &name = "", const std::string &options = "") {
    std::vector<sample> out;
    generate(rgb, metres, name, options, [&](sample s) { out.push_back(std::move(s)); });
    return out;
}

// generate_dataset makes a dataset of the images below a folder.
// skipped(frame, task, why) and progress(done, total) return false to stop.
inline void generate_dataset(const std::string &images_dir, const std::string &out_dir, const std::string &options = "",
                             std::function<bool(const char *, const char *, const char *)> skipped = {},
                             std::function<bool(std::int64_t, std::int64_t)> progress = {}) {
    struct both {
        detail::callback<const char *, const char *, const char *> skipped;
        detail::callback<std::int64_t, std::int64_t> progress;
    } fns{detail::callback<const char *, const char *, const char *>(skipped ? skipped : [](auto...) { return true; }),
          detail::callback<std::int64_t, std::int64_t>(progress ? progress : [](auto...) { return true; })};
    ssrl_skipped_fn on_skipped = [](void *user, const char *frame, const char *task, const char *why) { return static_cast<both *>(user)->skipped(frame, task, why); };
    ssrl_progress_fn on_progress = [](void *user, std::int64_t done, std::int64_t total) { return static_cast<both *>(user)->progress(done, total); };
    ssrl_error err;
    ssrl_status status = ssrl_generate_dataset(images_dir.c_str(), out_dir.c_str(), detail::or_null(options), on_skipped, on_progress, &fns, &err);
    detail::check(status, err, fns.skipped.thrown ? fns.skipped.thrown : fns.progress.thrown);
}

inline score reward(const std::string &answer, const std::string &truth) {
    score s{};
    detail::call([&](ssrl_error *err) { return ssrl_reward(answer.c_str(), truth.c_str(), &s, err); });
    return s;
}

// dataset reads a dataset directory. It may be used by many threads.
class dataset {
public:
    explicit dataset(const std::string &dir) {
        ssrl_dataset *d;
        detail::call([&](ssrl_error *err) { return ssrl_dataset_open(&d, dir.c_str(), err); });
        handle_.reset(d);
    }
    std::int64_t size() const { return ssrl_dataset_len(get()); }
    sample at(std::int64_t i) const {
        sample out;
        detail::on_sample keep([&](sample s) { out = std::move(s); });
        detail::call([&](ssrl_error *err) { return ssrl_dataset_at(get(), i, detail::hand_sample, &keep, err); }, keep.thrown);
        return out;
    }
    ssrl_dataset *get() const noexcept { return handle_.get(); }

private:
    detail::handle<ssrl_dataset, ssrl_dataset_close> handle_;
};

inline void create_model(const std::string &dir, const std::string &preset, std::uint64_t seed) {
    detail::call([&](ssrl_error *err) { return ssrl_model_create(dir.c_str(), preset.c_str(), seed, err); });
}

// model answers questions. It serves one call at a time.
class model {
public:
    explicit model(const std::string &dir, const std::string &options = "") {
        ssrl_model *m;
        detail::call([&](ssrl_error *err) { return ssrl_model_open(&m, dir.c_str(), detail::or_null(options), err); });
        handle_.reset(m);
    }
    // generate hands fn the answer in whole characters as it is made.
    template <class F> void generate(const std::string &prompt, const std::vector<image> &images, const std::string &options, F fn) {
        detail::on_text each(std::move(fn));
        detail::call([&](ssrl_error *err) {
            return ssrl_model_generate(get(), prompt.c_str(), images.data(), static_cast<std::int32_t>(images.size()), detail::or_null(options), detail::hand_text, &each, err);
        }, each.thrown);
    }
    std::string answer(const std::string &prompt, const std::vector<image> &images = {}, const std::string &options = "") {
        std::string out;
        generate(prompt, images, options, [&](const std::string &piece) { out += piece; });
        return out;
    }
    std::string answer(const sample &s, const std::string &options = "") { return answer(s.problem, detail::views(s.images), options); }
    void save(const std::string &dir) {
        detail::call([&](ssrl_error *err) { return ssrl_model_save(get(), dir.c_str(), err); });
    }
    void interrupt() noexcept { ssrl_interrupt(get()); } // any thread
    ssrl_model *get() const noexcept { return handle_.get(); }

private:
    detail::handle<ssrl_model, ssrl_model_close> handle_;
};

// trainer takes steps on a model that it borrows. Make an sft or a grpo.
class trainer {
public:
    ssrl::step step(const std::vector<sample> &batch) {
        std::vector<std::vector<image>> images;
        std::vector<ssrl_sample> list;
        for (const sample &s : batch) {
            images.push_back(detail::views(s.images));
            list.push_back({s.id.c_str(), s.task.c_str(), s.problem.c_str(), s.answer.c_str(), images.back().data(),
                            static_cast<std::int32_t>(s.images.size()), s.source.c_str(), s.meta.c_str()});
        }
        ssrl::step out{};
        call([&](ssrl_error *err) { return ssrl_trainer_step(get(), list.data(), static_cast<std::int32_t>(list.size()), &out, err); });
        return out;
    }
    // run takes steps over a dataset until `steps` are done. fn may call model and trainer.
    template <class F> void run(const dataset &d, std::int64_t steps, const std::string &options, F fn) {
        detail::on_step each(std::move(fn));
        call([&](ssrl_error *err) { return ssrl_trainer_run(get(), d.get(), steps, detail::or_null(options), detail::hand_step, &each, err); }, &each.thrown);
    }
    std::int64_t done() const { return ssrl_trainer_done(get()); }
    // metrics is a JSON object of what the last step did, under EasyR1's names.
    std::string metrics() const {
        std::string out;
        detail::on_text keep([&](const std::string &s) { out = s; });
        detail::call([&](ssrl_error *err) { return ssrl_trainer_metrics(get(), detail::hand_text, &keep, err); }, keep.thrown);
        return out;
    }
    void save(const std::string &dir) {
        detail::call([&](ssrl_error *err) { return ssrl_trainer_save(get(), dir.c_str(), err); });
    }
    void resume(const std::string &dir) {
        detail::call([&](ssrl_error *err) { return ssrl_trainer_resume(get(), dir.c_str(), err); });
    }
    void interrupt() noexcept { ssrl_interrupt(get()); } // any thread
    ssrl_trainer *get() const noexcept { return handle_.get(); }

protected:
    trainer() = default;
    detail::handle<ssrl_trainer, ssrl_trainer_close> handle_;
    std::unique_ptr<detail::on_reward> reward_; // at one place, for C to call

private:
    // call checks what f returns; the reward or another callback may throw in it.
    template <class F> void call(F &&f, const std::exception_ptr *other = nullptr) {
        if (reward_) reward_->thrown = nullptr;
        ssrl_error err;
        ssrl_status status = f(&err);
        detail::check(status, err, other && *other ? *other : reward_ ? reward_->thrown : nullptr);
    }
};

// sft teaches a model to give the samples' own answers.
class sft : public trainer {
public:
    explicit sft(model &m, const std::string &options = "") {
        ssrl_trainer *t;
        detail::call([&](ssrl_error *err) { return ssrl_sft_new(&t, m.get(), detail::or_null(options), err); });
        handle_.reset(t);
    }
};

// grpo teaches a model by the scores of its own answers.
class grpo : public trainer {
public:
    // The reward is ssrl::reward's overall.
    explicit grpo(model &m, const std::string &options = "") { open(m, nullptr, options); }
    // fn(sample, answer) returns what an answer is worth.
    template <class F> grpo(model &m, const std::string &options, F fn) {
        reward_ = std::make_unique<detail::on_reward>([fn](const sample &s, const std::string &answer, double &out) mutable { out = fn(s, answer); });
        open(m, detail::hand_reward, options);
    }

private:
    void open(model &m, ssrl_reward_fn fn, const std::string &options) {
        ssrl_trainer *t;
        detail::call([&](ssrl_error *err) { return ssrl_grpo_new(&t, m.get(), fn, reward_.get(), detail::or_null(options), err); });
        handle_.reset(t);
    }
};

} // namespace ssrl

#endif
