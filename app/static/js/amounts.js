/** Amounts of bytes, as pages say how much is sent. */

const MEGABYTE = 1024 * 1024; // as the limits of forms count them

/** An amount as people of this language write it: `0.5 MB`, in kilobytes where all is less than one. Digits as elsewhere on
    the page. */
export function amount(bytes, all) {
  const [unit, size, tenths] = all < MEGABYTE ? ["kilobyte", 1024, 1] : ["megabyte", MEGABYTE, 10];
  const format = new Intl.NumberFormat(`${document.documentElement.lang}-u-nu-latn`, { style: "unit", unit });
  return format.format(Math.floor((bytes / size) * tenths) / tenths);
}
