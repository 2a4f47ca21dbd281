// ssrl.h for C++17: handles that close themselves, lambdas as callbacks, and
// ssrl::error instead of codes. Header only; link with -lssrl.
//
// What a callback throws ends the call, which throws it again. Views (image,
// depth, frame) do not own pixels; what is handed to a callback dies when it
// returns, so ssrl::sample is a copy. With OpenCV's core.hpp included before it, a
// view is made of a cv::Mat too.
#ifndef SSRL_HPP
#define SSRL_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
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

using score = ssrl_score;
using step = ssrl_step;

// image is a view of pixels, as ROS has them: encoding is one of ssrl.h's, stride
// the bytes from a row to the next (0: rows touch). depth is a view of 32FC1
// (metres) or 16UC1 (millimetres); one without data is no depth. Encodings are
// string literals.
struct image : ssrl_image {
    image() : ssrl_image{nullptr, 0, 0, 0, nullptr, 0} {}
    image(const void *pixels, int w, int h, const char *enc = "rgb8", std::size_t step = 0, bool big = false) : ssrl_image{pixels, w, h, step, enc, big} {}
    // A container of contiguous pixels, whose size is checked.
    template <class C, class = decltype(std::declval<const C &>().data() + std::declval<const C &>().size())>
    image(const C &pixels, int w, int h, const char *enc = "rgb8", std::size_t step = 0, bool big = false) : image(pixels.data(), w, h, enc, step, big) {
        const std::size_t row = bytes(enc) * static_cast<std::size_t>(w < 0 ? 0 : w);
        if (h > 0 && pixels.size() * sizeof *pixels.data() < (step ? step : row) * static_cast<std::size_t>(h - 1) + row)
            throw error(SSRL_EINVALID, "image: too few bytes for its size");
    }
#ifdef OPENCV_CORE_HPP
    // A picture of OpenCV's order of colours, or a depth map of CV_16UC1 or CV_32FC1.
    image(const cv::Mat &m) : image(m.data, m.cols, m.rows, encoding_of(m.type()), m.step[0]) {}
    static const char *encoding_of(int type) {
        switch (type) {
        case CV_8UC3: return "bgr8";
        case CV_8UC4: return "bgra8";
        case CV_8UC1: return "mono8";
        case CV_16UC1: return "16UC1";
        case CV_32FC1: return "32FC1";
        }
        throw error(SSRL_EINVALID, "image: a cv::Mat of type " + std::to_string(type) + " (want CV_8UC1, 8UC3, 8UC4, 16UC1 or 32FC1)");
    }
#endif
    static std::size_t bytes(const std::string &enc) {
        return enc == "mono8" ? 1 : enc == "16UC1" ? 2 : enc == "rgba8" || enc == "bgra8" || enc == "32FC1" ? 4 : 3;
    }
};

using depth = image;

// picture owns the pixels of an rgb8 image.
struct picture {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;

    operator image() const { return {rgb.data(), width, height}; }
#ifdef OPENCV_CORE_HPP
    // A header for these pixels, in RGB order, that must not outlive or change them.
    cv::Mat mat() const { return cv::Mat(height, width, CV_8UC3, const_cast<std::uint8_t *>(rgb.data())); }
#endif
};

// frame is a picture with or without depth; name is for ids and random numbers.
struct frame {
    image colour;
    ssrl::depth depth{};
    std::string name = "frame";
};

// scene is a picture with exact depth that owns both.
struct scene {
    picture rgb;
    std::vector<float> metres;

    operator frame() const { return {rgb, {metres.data(), rgb.width, rgb.height, "32FC1"}}; }
};

// sample is a question with its answer; problem holds one <image> for each of
// images. A sample of your own needs problem and answer.
struct sample {
    std::string id, task, problem, answer;
    std::vector<picture> images;
    std::string source, meta, response;
};

// unsuitable is thrown by a task of your own about a frame that cannot carry it.
struct unsuitable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// task is a task of your own: draws a question about a frame by seed alone. It is
// called by several threads.
struct task {
    std::string name;
    std::function<sample(const frame &, std::uint64_t seed)> make;
};

namespace detail {

inline std::string text(const char *s) { return s ? s : ""; }
inline const char *or_null(const std::string &s) { return s.empty() ? nullptr : s.c_str(); }

inline picture copy(const ssrl_image &m) {
    const auto *rgb = static_cast<const std::uint8_t *>(m.data);
    return {m.width, m.height, {rgb, rgb + 3 * static_cast<std::size_t>(m.width) * static_cast<std::size_t>(m.height)}};
}

inline sample copy(const ssrl_sample &s) {
    sample out{text(s.id), text(s.task), text(s.problem), text(s.answer), {}, text(s.source), text(s.meta), text(s.response)};
    for (int i = 0; i < s.n_images; i++) out.images.push_back(copy(s.images[i]));
    return out;
}

inline frame see(const ssrl_frame &f) {
    frame out{{}, {}, text(f.name)};
    static_cast<ssrl_image &>(out.colour) = f.colour;
    static_cast<ssrl_image &>(out.depth) = f.depth;
    return out;
}

inline std::vector<ssrl_image> views(const std::vector<image> &images) { return {images.begin(), images.end()}; }
inline std::vector<image> views(const std::vector<picture> &images) { return {images.begin(), images.end()}; }

// batch is samples as C reads them; it must not outlive theirs.
struct batch {
    std::vector<std::vector<ssrl_image>> images;
    std::vector<ssrl_sample> list;

    explicit batch(const std::vector<sample> &samples) {
        for (const sample &s : samples) add(s);
    }
    explicit batch(const sample &s) { add(s); }
    void add(const sample &s) {
        images.push_back(views(views(s.images)));
        list.push_back({s.id.c_str(), s.task.c_str(), s.problem.c_str(), s.answer.c_str(), or_null(s.response), images.back().data(),
                        static_cast<std::int32_t>(s.images.size()), s.source.c_str(), s.meta.c_str()});
    }
    std::int32_t size() const { return static_cast<std::int32_t>(list.size()); }
};

// check throws what a callback threw, or what a status says.
inline void check(ssrl_status status, const ssrl_error &err, const std::exception_ptr &thrown = nullptr) {
    if (status >= SSRL_OK) return;
    if (status == SSRL_ESTOPPED && thrown) std::rethrow_exception(thrown);
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

using on_frame = callback<const frame &>;
using on_sample = callback<sample>;
using on_text = callback<std::string>;
using on_step = callback<const step &>;
using on_reward = callback<sample, const std::string &, score &>;
using on_skipped = callback<const char *, const char *, const char *>;
using on_progress = callback<std::int64_t, std::int64_t>;

inline int hand_frame(void *user, const ssrl_frame *f) { return (*static_cast<on_frame *>(user))(see(*f)); }
inline int hand_sample(void *user, const ssrl_sample *s) { return (*static_cast<on_sample *>(user))(copy(*s)); }
inline int hand_text(void *user, const char *utf8, std::size_t len) { return (*static_cast<on_text *>(user))(std::string(utf8, len)); }
inline int hand_step(void *user, const ssrl_step *s) { return (*static_cast<on_step *>(user))(*s); }
inline int hand_reward(void *user, const ssrl_sample *s, const char *answer, ssrl_score *out) { return (*static_cast<on_reward *>(user))(copy(*s), answer, *out); }
inline int hand_progress(void *user, std::int64_t done, std::int64_t total) { return (*static_cast<on_progress *>(user))(done, total); }

// judge is a reward that returns a number or a score.
template <class F> on_reward judge(F fn) {
    return on_reward([fn](const sample &s, const std::string &answer, score &out) mutable {
        if constexpr (std::is_same_v<std::decay_t<std::invoke_result_t<F, const sample &, const std::string &>>, score>) {
            out = fn(s, answer);
        } else {
            out.overall = static_cast<double>(fn(s, answer));
        }
    });
}

// own_tasks are tasks as C calls them; it holds what the first of them threw.
struct own_tasks {
    struct one {
        const task *t;
        own_tasks *all;
    };
    std::vector<one> ones;
    std::vector<ssrl_task> list;
    std::mutex m;
    std::exception_ptr thrown;

    explicit own_tasks(const std::vector<task> &own) {
        for (const task &t : own) ones.push_back({&t, this});
        for (one &o : ones) list.push_back({o.t->name.c_str(), make, &o});
    }
    std::int32_t size() const { return static_cast<std::int32_t>(list.size()); }

    static int make(void *user, const ssrl_frame *f, std::uint64_t seed, ssrl_sample_fn give, void *to, ssrl_error *why) noexcept {
        const one &o = *static_cast<one *>(user);
        try {
            const sample s = o.t->make(see(*f), seed);
            const batch one(s);
            return give(to, one.list.data());
        } catch (const unsuitable &e) {
            text(e.what()).copy(why->message, sizeof why->message - 1);
            return SSRL_EUNSUITABLE;
        } catch (...) {
            const std::lock_guard<std::mutex> lock(o.all->m);
            if (!o.all->thrown) o.all->thrown = std::current_exception();
            return 1;
        }
    }
};

template <class T, void (*Close)(T *)> struct closer {
    void operator()(T *p) const noexcept { Close(p); }
};

template <class T, void (*Close)(T *)> using handle = std::unique_ptr<T, closer<T, Close>>;

} // namespace detail

inline std::string version() { return ssrl_version(); }

// set_limits bounds processors and bytes; 0 leaves a limit as it is.
inline void set_limits(std::int32_t threads, std::int64_t memory = 0) {
    detail::call([&](ssrl_error *err) { return ssrl_set_limits(threads, memory, err); });
}

// set_log lets fn(level, text) hear what calls notice; fn must outlive its use.
inline void set_log(const std::function<void(int, const char *)> *fn) {
    ssrl_log_fn tell = [](void *user, std::int32_t level, const char *text) {
        try {
            (*static_cast<const std::function<void(int, const char *)> *>(user))(level, text);
        } catch (...) { // C must not see it
        }
    };
    detail::call([&](ssrl_error *err) { return ssrl_set_log(fn ? tell : nullptr, const_cast<std::function<void(int, const char *)> *>(fn), err); });
}

// job is a call that goes on by itself. What it was given in callbacks and by
// reference must live as long; closing it ends the call and waits for that.
class job {
public:
    job() = default;
    job(job &&) = default;
    job &operator=(job &&o) noexcept {
        handle_ = std::move(o.handle_); // ends the old one before what it calls goes
        thrown_ = std::move(o.thrown_);
        kept_ = std::move(o.kept_);
        return *this;
    }
    // running says whether the job goes on; done and total count what it does.
    bool running(std::int64_t *done = nullptr, std::int64_t *total = nullptr) {
        ssrl_error err;
        const ssrl_status status = ssrl_job_poll(get(), done, total, &err);
        detail::check(status, err, thrown());
        return status == SSRL_RUNNING;
    }
    // wait_for says whether the job has ended by then; all three throw what went wrong.
    bool wait_for(std::chrono::milliseconds time) {
        ssrl_error err;
        const ssrl_status status = ssrl_job_wait(get(), static_cast<std::int32_t>(time.count()), &err);
        detail::check(status, err, thrown());
        return status != SSRL_RUNNING;
    }
    void wait() { wait_for(std::chrono::milliseconds(-1)); }
    void interrupt() noexcept { ssrl_interrupt(get()); } // any thread
    ssrl_job *get() const noexcept { return handle_.get(); }

private:
    friend class model;
    friend class trainer;
    std::exception_ptr thrown() const { return thrown_ ? thrown_() : nullptr; }

    std::shared_ptr<void> kept_; // what C calls; closed after the handle
    std::function<std::exception_ptr()> thrown_;
    detail::handle<ssrl_job, ssrl_job_close> handle_;
};

// make_scene draws a synthetic room.
inline scene make_scene(std::uint64_t seed, int index, int width, int height) {
    if (width < 1 || height < 1 || width > 1 << 14 || height > 1 << 14) throw error(SSRL_EINVALID, "scene: no such size");
    const auto n = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    scene f{{width, height, std::vector<std::uint8_t>(3 * n)}, std::vector<float>(n)};
    detail::call([&](ssrl_error *err) { return ssrl_scene(seed, index, width, height, f.rgb.rgb.data(), f.metres.data(), err); });
    return f;
}

// frames hands fn the images below a folder with their depth.
template <class F> void frames(const std::string &images_dir, const std::string &options, F fn) {
    detail::on_frame each(std::move(fn));
    detail::call([&](ssrl_error *err) { return ssrl_frames(images_dir.c_str(), detail::or_null(options), detail::hand_frame, nullptr, &each, nullptr, err); }, each.thrown);
}

// generate asks questions about a frame, those of options' tasks and your own. fn
// takes a sample.
template <class F> void generate(const frame &f, const std::string &options, const std::vector<task> &own, F fn) {
    detail::on_sample each(std::move(fn));
    const ssrl_frame c{f.name.c_str(), f.colour, f.depth};
    detail::own_tasks tasks(own);
    ssrl_error err;
    ssrl_status status = ssrl_generate_samples(&c, detail::or_null(options), tasks.list.data(), tasks.size(), detail::hand_sample, &each, &err);
    detail::check(status, err, tasks.thrown ? tasks.thrown : each.thrown);
}

inline std::vector<sample> generate(const frame &f, const std::string &options = "", const std::vector<task> &own = {}) {
    std::vector<sample> out;
    generate(f, options, own, [&](sample s) { out.push_back(std::move(s)); });
    return out;
}

// generate_dataset makes a dataset of the images below a folder.
// skipped(frame, task, why) and progress(done, total) return false to stop.
inline void generate_dataset(const std::string &images_dir, const std::string &out_dir, const std::string &options = "", const std::vector<task> &own = {},
                             std::function<bool(const char *, const char *, const char *)> skipped = {},
                             std::function<bool(std::int64_t, std::int64_t)> progress = {}) {
    struct both {
        detail::on_skipped skipped;
        detail::on_progress progress;
    } fns{detail::on_skipped(skipped ? skipped : [](auto...) { return true; }), detail::on_progress(progress ? progress : [](auto...) { return true; })};
    ssrl_skipped_fn on_skipped = [](void *user, const char *frame, const char *task, const char *why) { return static_cast<both *>(user)->skipped(frame, task, why); };
    ssrl_progress_fn on_progress = [](void *user, std::int64_t done, std::int64_t total) { return static_cast<both *>(user)->progress(done, total); };
    detail::own_tasks tasks(own);
    ssrl_error err;
    ssrl_status status = ssrl_generate_dataset(images_dir.c_str(), out_dir.c_str(), detail::or_null(options), tasks.list.data(), tasks.size(),
                                               on_skipped, on_progress, &fns, nullptr, &err);
    detail::check(status, err, tasks.thrown ? tasks.thrown : fns.skipped.thrown ? fns.skipped.thrown : fns.progress.thrown);
}

inline score reward(const std::string &answer, const std::string &truth) {
    score s{};
    detail::call([&](ssrl_error *err) { return ssrl_reward(answer.c_str(), truth.c_str(), &s, err); });
    return s;
}

// dataset reads a dataset of any format. It may be used by many threads.
class dataset {
public:
    explicit dataset(const std::string &path, const std::string &options = "") {
        ssrl_dataset *d;
        detail::call([&](ssrl_error *err) { return ssrl_dataset_open(&d, path.c_str(), detail::or_null(options), err); });
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

// writer writes a dataset, which is there when it was finished.
class writer {
public:
    explicit writer(const std::string &dir, const std::string &options = "") {
        ssrl_writer *w;
        detail::call([&](ssrl_error *err) { return ssrl_writer_open(&w, dir.c_str(), detail::or_null(options), err); });
        handle_.reset(w);
    }
    void add(const sample &s) {
        const detail::batch one(s);
        detail::call([&](ssrl_error *err) { return ssrl_writer_add(get(), one.list.data(), err); });
    }
    void finish() {
        detail::call([&](ssrl_error *err) { return ssrl_writer_finish(get(), err); });
    }
    ssrl_writer *get() const noexcept { return handle_.get(); }

private:
    detail::handle<ssrl_writer, ssrl_writer_close> handle_;
};

inline void create_model(const std::string &dir, const std::string &preset, std::uint64_t seed) {
    detail::call([&](ssrl_error *err) { return ssrl_model_create(dir.c_str(), preset.c_str(), seed, err); });
}

// model answers questions. It serves one call at a time.
class model {
public:
    // progress(done, total) counts weights and returns false to stop.
    explicit model(const std::string &dir, const std::string &options = "", std::function<bool(std::int64_t, std::int64_t)> progress = {}) {
        detail::on_progress count(progress ? progress : [](auto...) { return true; });
        ssrl_model *m;
        detail::call([&](ssrl_error *err) { return ssrl_model_open(&m, dir.c_str(), detail::or_null(options), detail::hand_progress, &count, nullptr, err); }, count.thrown);
        handle_.reset(m);
    }
    // generate hands fn the answer in whole characters as it is made. Without a
    // prompt the options hold messages.
    template <class F> void generate(const std::string &prompt, const std::vector<image> &images, const std::string &options, F fn) {
        detail::on_text each(std::move(fn));
        const auto list = detail::views(images);
        detail::call([&](ssrl_error *err) {
            return ssrl_model_generate(get(), detail::or_null(prompt), list.data(), static_cast<std::int32_t>(list.size()), detail::or_null(options), detail::hand_text, &each, nullptr, err);
        }, each.thrown);
    }
    std::string answer(const std::string &prompt, const std::vector<image> &images = {}, const std::string &options = "") {
        std::string out;
        generate(prompt, images, options, [&](const std::string &piece) { out += piece; });
        return out;
    }
    std::string answer(const sample &s, const std::string &options = "") { return answer(s.problem, detail::views(s.images), options); }
    // start is generate as a job; fn is called in its threads.
    template <class F> job start(const std::string &prompt, const std::vector<image> &images, const std::string &options, F fn) {
        job j;
        auto each = std::make_shared<detail::on_text>(std::move(fn));
        const auto list = detail::views(images);
        ssrl_job *started;
        detail::call([&](ssrl_error *err) {
            return ssrl_model_generate(get(), detail::or_null(prompt), list.data(), static_cast<std::int32_t>(list.size()), detail::or_null(options), detail::hand_text, each.get(), &started, err);
        });
        j.thrown_ = [p = each.get()] { return p->thrown; };
        j.kept_ = std::move(each);
        j.handle_.reset(started);
        return j;
    }
    // score is how probable an answer is, as a JSON object.
    std::string score(const std::string &prompt, const std::vector<image> &images, const std::string &answer, const std::string &options = "") {
        std::string out;
        detail::on_text keep([&](const std::string &s) { out = s; });
        const auto list = detail::views(images);
        detail::call([&](ssrl_error *err) {
            return ssrl_model_score(get(), detail::or_null(prompt), list.data(), static_cast<std::int32_t>(list.size()), answer.c_str(), detail::or_null(options), detail::hand_text, &keep, err);
        }, keep.thrown);
        return out;
    }
    // evaluate answers a dataset and returns the report, a JSON object.
    std::string evaluate(const dataset &d, const std::string &options = "") {
        std::string out;
        detail::on_text keep([&](const std::string &s) { out = s; });
        detail::call([&](ssrl_error *err) { return ssrl_model_evaluate(get(), d.get(), nullptr, detail::or_null(options), detail::hand_text, &keep, nullptr, err); }, keep.thrown);
        return out;
    }
    // adapt adds a fresh LoRA adapter, merge adds it to the weights.
    void adapt(const std::string &options = "") {
        detail::call([&](ssrl_error *err) { return ssrl_model_adapt(get(), detail::or_null(options), err); });
    }
    void merge() {
        detail::call([&](ssrl_error *err) { return ssrl_model_merge(get(), err); });
    }
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
        const detail::batch samples(batch);
        ssrl::step out{};
        call([&](ssrl_error *err) { return ssrl_trainer_step(get(), samples.list.data(), samples.size(), &out, nullptr, err); });
        return out;
    }
    // start is step as a job, which fills out; the trainer must live as long.
    job start(const std::vector<sample> &batch, ssrl::step &out) {
        const detail::batch samples(batch);
        job j;
        ssrl_job *started;
        call([&](ssrl_error *err) { return ssrl_trainer_step(get(), samples.list.data(), samples.size(), &out, &started, err); });
        if (reward_) j.thrown_ = [p = reward_.get()] { return p->thrown; };
        j.handle_.reset(started);
        return j;
    }
    // run takes steps over a dataset until `steps` are done. fn may call model and trainer.
    template <class F> void run(const dataset &d, std::int64_t steps, const std::string &options, F fn) {
        detail::on_step each(std::move(fn));
        call([&](ssrl_error *err) { return ssrl_trainer_run(get(), d.get(), steps, detail::or_null(options), detail::hand_step, &each, nullptr, err); }, &each.thrown);
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

    // call checks what f returns; the reward or another callback may throw in it.
    template <class F> void call(F &&f, const std::exception_ptr *other = nullptr) {
        if (reward_) reward_->thrown = nullptr;
        ssrl_error err;
        ssrl_status status = f(&err);
        detail::check(status, err, other && *other ? *other : reward_ ? reward_->thrown : nullptr);
    }

    std::unique_ptr<detail::on_reward> reward_; // at one place, for C to call
    detail::handle<ssrl_trainer, ssrl_trainer_close> handle_;
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
    // The reward is ssrl::reward's.
    explicit grpo(model &m, const std::string &options = "") { open(m, nullptr, options); }
    // fn(sample, answer) returns what an answer is worth, a number or a score.
    template <class F> grpo(model &m, const std::string &options, F fn) {
        reward_ = std::make_unique<detail::on_reward>(detail::judge(std::move(fn)));
        open(m, detail::hand_reward, options);
    }
    // rollouts draws and scores answers, the first half of a step; fn hears a JSON
    // object of each. update learns from them, with advantages of your own if any.
    template <class F> void rollouts(const std::vector<sample> &batch, F fn) {
        detail::on_text each(std::move(fn));
        const detail::batch samples(batch);
        call([&](ssrl_error *err) { return ssrl_grpo_rollouts(get(), samples.list.data(), samples.size(), detail::hand_text, &each, nullptr, err); }, &each.thrown);
    }
    ssrl::step update(const std::vector<double> &advantages = {}) {
        ssrl::step out{};
        call([&](ssrl_error *err) {
            return ssrl_grpo_update(get(), advantages.empty() ? nullptr : advantages.data(), static_cast<std::int32_t>(advantages.size()), &out, nullptr, err);
        });
        return out;
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
