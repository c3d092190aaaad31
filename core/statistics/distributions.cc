#include "core/statistics/distributions.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace rtml::statistics {
namespace {

namespace policies = boost::math::policies;

// Gives NaN or infinity instead of an exception.
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>,
                               policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>>;
using Normal = boost::math::normal_distribution<double, Quiet>;
using Student = boost::math::students_t_distribution<double, Quiet>;
using ChiSquare = boost::math::chi_squared_distribution<double, Quiet>;

}  // namespace

double normal_two_sided_p(double z) {
  return 2 * boost::math::cdf(boost::math::complement(Normal(), std::fabs(z)));
}

double normal_quantile(double probability) {
  return boost::math::quantile(Normal(), probability);
}

double student_two_sided_p(double t, double degrees_of_freedom) {
  return 2 * boost::math::cdf(boost::math::complement(Student(degrees_of_freedom), std::fabs(t)));
}

double student_quantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(Student(degrees_of_freedom), probability);
}

double chi_square_upper(double x, double degrees_of_freedom) {
  return boost::math::cdf(boost::math::complement(ChiSquare(degrees_of_freedom), x));
}

double chi_square_quantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(ChiSquare(degrees_of_freedom), probability);
}

}  // namespace rtml::statistics
