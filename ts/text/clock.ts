/** Seconds as a clock shows them: `02:05`, `1:00:00`. */
export const clock = (seconds: number): string => {
	const whole = Math.round(seconds);
	const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
	const two = (value: number): string => String(value).padStart(2, '0');
	return `${hours > 0 ? `${hours}:` : ''}${two(minutes)}:${two(whole % 60)}`;
};
