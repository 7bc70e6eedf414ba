# Sections of docs/numpy_names.tsv.
set(titles_arrays "numpy and jax.numpy")
set(titles_linalg "numpy.linalg and jax.numpy.linalg")
set(titles_fft "numpy.fft and jax.numpy.fft")
set(titles_nn "jax.nn")
set(titles_special "jax.scipy.special")
set(titles_random "jax.random")
set(sections arrays linalg fft nn special random)

set(title_of_required "**arrays, linear algebra and transforms**")
set(required_sections arrays linalg fft)
set(required_percent 95)
