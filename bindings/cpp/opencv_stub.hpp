// As much of OpenCV's core.hpp as ssrl.hpp uses, to compile and test that part
// where there is no OpenCV.
#ifndef OPENCV_CORE_HPP
#define OPENCV_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#define CV_8UC1 0
#define CV_8UC3 16
#define CV_8UC4 24
#define CV_16UC1 2
#define CV_32FC1 5
#define CV_64FC1 6

namespace cv {
struct Mat {
    int rows, cols;
    unsigned char *data;
    std::size_t step[2];

    Mat(int rows_, int cols_, int type, void *data_ = nullptr, std::size_t step_ = 0)
        : rows(rows_), cols(cols_), data(static_cast<unsigned char *>(data_)), step{step_ ? step_ : size(type) * static_cast<std::size_t>(cols_), 0}, type_(type) {}
    int type() const { return type_; }

private:
    static std::size_t size(int type) { return type == CV_8UC3 ? 3 : type == CV_8UC4 || type == CV_32FC1 ? 4 : type == CV_16UC1 ? 2 : 1; }
    int type_;
};
} // namespace cv

#endif
